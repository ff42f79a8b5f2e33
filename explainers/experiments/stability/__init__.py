"""Does a map stay the same when the picture hardly changes?"""
