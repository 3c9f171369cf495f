"""One small family of errors: what failed, why, and what to do about it."""


class Problem(Exception):
    """An error that a person is meant to read.

    ``what`` names the act that failed, ``why`` the cause as far as it is known, ``remedy`` what the reader
    can do now. None of the three ever holds an API key or the query of a presigned URL.
    """

    def __init__(self, what: str, why: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.remedy = remedy

    def __str__(self) -> str:
        parts = [self.what]
        if self.why:
            parts.append(self.why)
        text = ": ".join(parts)
        if not text.endswith((".", "!", "?")):
            text += "."
        return f"{text} {self.remedy}" if self.remedy else text


class InputProblem(Problem):
    """What the user typed or configured can't be used as it is."""
