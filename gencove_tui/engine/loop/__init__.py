"""The loop of a watch rule after the upload: assign, follow, deliver, tell."""
