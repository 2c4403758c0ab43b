"""tf.Example records of a request as the string tensor that Classify, Regress and MultiInference feed. Pure.

Source: tensorflow_serving/servables/tensorflow/util.cc.
"""

from __future__ import annotations

from collections.abc import Sequence

from contracts.serving_protos import DataType, Input, TensorProto
from serving.local_server.errors import InvalidArgument


def example_tensor(given: Input) -> TensorProto:
    """string[n], one serialised Example each; raises InvalidArgument when there is none.

    A context stands in front of the bytes of each example, so that where both have a feature the example's counts.
    """
    records: Sequence[bytes] = ()
    match given.WhichOneof("kind"):
        case "example_list":
            records = [example.SerializeToString() for example in given.example_list.examples]
        case "example_list_with_context":
            context = given.example_list_with_context.context.SerializeToString()
            records = [context + each.SerializeToString() for each in given.example_list_with_context.examples]
    if not records:
        raise InvalidArgument("Input is empty.")
    proto = TensorProto(dtype=DataType.DT_STRING, string_val=records)
    proto.tensor_shape.dim.add(size=len(records))
    return proto
