"""The rules that need a signature with defaults, which no exporter of ours writes; the others are in test_grpc_api."""

from __future__ import annotations

import pytest

from contracts.serving_protos import SignatureDef, TensorProto
from serving.local_server.errors import Internal, InvalidArgument
from serving.local_server.signatures import check_predicts, match_inputs

X, Y = TensorProto(dtype=1, float_val=[1]), TensorProto(dtype=1, float_val=[2])


def signature() -> SignatureDef:
    made = SignatureDef()
    made.inputs["x"].name, made.inputs["y"].name = "x:0", "y:0"
    made.defaults["y"].CopyFrom(Y)
    return made


def test_default_fills_in_for_a_missing_input() -> None:
    assert match_inputs(signature(), {"x": X}) == {"x": X, "y": Y}


def test_given_input_goes_before_its_default() -> None:
    assert match_inputs(signature(), {"x": X, "y": X}) == {"x": X, "y": X}


def test_missing_input_without_a_default_names_the_defaults() -> None:
    with pytest.raises(InvalidArgument, match=r"request \{y\}, or default input alias set: y$"):
        match_inputs(signature(), {"y": Y})


def test_unknown_input_beside_a_default_is_named() -> None:
    with pytest.raises(InvalidArgument, match="Used request inputs: x, request input: x,z"):
        match_inputs(signature(), {"x": X, "z": X})


@pytest.mark.parametrize("method", ["predict", "classify", "regress"])
def test_predict_runs_signatures_of_all_three_methods(method: str) -> None:
    check_predicts(SignatureDef(method_name=f"tensorflow/serving/{method}"))


def test_another_method_is_not_one_of_them() -> None:
    names = "tensorflow/serving/predict, tensorflow/serving/classify, tensorflow/serving/regress"
    with pytest.raises(Internal) as refused:
        check_predicts(SignatureDef(method_name="mine"))
    assert refused.value.message == (f"Expected prediction signature method_name to be one of {{{names}}}. Was: mine")
