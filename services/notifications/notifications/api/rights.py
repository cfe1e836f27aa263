"""Who may do what, in one table."""

RECEPTION = ("secretary", "coordinator", "medical_assistant")

READ_MESSAGES = RECEPTION
PREVIEW_MESSAGE = (*RECEPTION, "manager")
READ_CALL_TASKS = RECEPTION
COMPLETE_CALL_TASK = RECEPTION
