"""Limits: every bound of what one client may ask, hold or leave waiting, in one table.

Who goes beyond one is told which, and nobody else notices.
"""

# TEXT
MAX_BODY_BYTES = 16 << 20  # bytes of one request, batch, message or line
MAX_BATCH = 1_000  # requests in one batch
MAX_BATCH_ANSWER_BYTES = 64 << 20  # bytes of a batch's answers; the rest of it is refused

# QUERIES
MAX_LOG_BLOCKS = 100_000  # blocks that one query for events looks through
MAX_LOGS = 20_000  # events in one answer
MAX_FILTERS = 1_000  # filters of one node
MAX_FILTER_BACKLOG = 20_000  # results that wait in one filter for its next poll
MAX_BACKLOGS = 200_000  # and in all filters; the fullest is let go
FILTER_IDLE_S = 300.0  # seconds without a poll after which a filter is gone, as in geth
MAX_SNAPSHOTS = 10_000  # that clients can go back to

# CONNECTIONS
MAX_CONNECTIONS = 256  # open at once: HTTP and WebSocket together, and the same number of IPC
MAX_SUBSCRIPTIONS = 100  # of one connection
MAX_RUNNING = 64  # requests of one connection at work; more are read when some are done
MAX_QUEUED_MESSAGES = 20_000  # that wait for a client to read them
MAX_QUEUED_BYTES = 32 << 20  # bytes that wait for a client to read them
MAX_UPLOADS = 2  # models on their way in at once
IDLE_S = 300.0  # seconds an HTTP connection may stay without a request
STALL_S = 30.0  # seconds until the next piece of a body, or of an answer, must have moved
HEARTBEAT_S = 30.0  # seconds between pings of a WebSocket; half of it without a pong ends it

# THREADS
READERS = 4  # threads that answer from frozen nodes
STACK_BYTES = 128 << 20  # of a thread: EVM calls nest 1024 deep, each a dozen Python frames
SWITCH_S = 0.001  # seconds until a busy thread lets another one run
INLINE_BYTES = 64 << 10  # bytes up to which a request is parsed at once
GRACE_S = 5.0  # seconds an answer may take once the server is told to stop
