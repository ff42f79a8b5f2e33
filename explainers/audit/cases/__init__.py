"""The cases of an audit: pictures with the classes they show, and where they come from."""
