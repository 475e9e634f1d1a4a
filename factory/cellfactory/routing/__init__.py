"""Which cell a job is sent to: by weight, drain state and the room that a caller tells of."""
