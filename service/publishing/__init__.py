"""Live streams: the writer of their producers, the feeds of their readers, and the routes and sockets for both."""
