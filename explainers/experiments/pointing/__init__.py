"""Does a map point at the object that somebody drew a box around?"""
