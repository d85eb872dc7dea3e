"""What every group of settings is made of."""

from typing import Annotated

from pydantic import BaseModel, ByteSize, ConfigDict, Field

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(gt=0)]
Size = Annotated[ByteSize, Field(gt=0)]
ShortWord = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\-]+$")]


class Section(BaseModel):
    """A group of settings; it cannot be changed once loaded, and unknown keys are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
