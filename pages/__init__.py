"""The pages. The first import of one corrects the server before all else, for the rest of it takes seconds."""

from pages.shared import server

server.correct()
