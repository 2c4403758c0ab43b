from __future__ import annotations

from collections.abc import Callable

import pytest

from contracts.serving_protos import DataType, TensorProto
from serving.local_server.output_tensors import OutputTensor, write_content, write_typed


@pytest.mark.parametrize("write", [write_typed, write_content])
@pytest.mark.parametrize("dtype", [DataType.DT_RESOURCE, DataType.DT_VARIANT])
def test_handle_leaves_as_type_and_shape_without_the_memory_behind_it(
    write: Callable[[OutputTensor, TensorProto], None], dtype: int
) -> None:
    proto = TensorProto()
    write(OutputTensor(dtype, (1,), b"address."), proto)
    assert (proto.dtype, len(proto.tensor_shape.dim), b"address" in proto.SerializeToString()) == (dtype, 1, False)
