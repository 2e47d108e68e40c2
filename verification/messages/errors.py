"""The two ways in which sending fails. Each has a code and never what somebody answered."""


class Refused(Exception):
    """It will never be taken: the address does not exist, or the text is refused."""

    def __init__(self, code: str = "refused") -> None:
        super().__init__(code)
        self.code = code


class NotTaken(Exception):
    """It was not taken now, or nobody knows; it is tried again. `everything`: no other message would be taken."""

    def __init__(self, code: str, *, everything: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.everything = everything
