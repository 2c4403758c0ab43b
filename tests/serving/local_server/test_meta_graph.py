"""Signatures are found in a MetaGraphDef whatever stands beside them."""

from __future__ import annotations

from contracts.serving_protos import MetaGraphDef
from serving.local_server.meta_graph import read_signatures


def test_every_signature_is_found_beside_a_large_graph() -> None:
    meta_graph = MetaGraphDef()
    for number in range(300):
        meta_graph.graph_def.node.add(name=f"node-{number}")
    meta_graph.meta_info_def.tags.append("serve")
    meta_graph.signature_def["serving_default"].inputs["x"].name = "x:0"
    meta_graph.signature_def["explain"].method_name = "tensorflow/serving/predict"
    found = read_signatures(memoryview(meta_graph.SerializeToString()))
    assert found == dict(meta_graph.signature_def)


def test_fields_that_a_newer_tensorflow_adds_are_passed_over() -> None:
    varint, fixed64, fixed32 = b"\xf8\x07\xff\x01", b"\xf1\x07" + 8 * b"\x80", b"\xf5\x07" + 4 * b"\x80"
    signature = MetaGraphDef()
    signature.signature_def["only"].method_name = "m"
    data = varint + signature.SerializeToString() + fixed64 + fixed32
    assert list(read_signatures(memoryview(data))) == ["only"]


def test_a_graph_without_signatures_has_none() -> None:
    assert read_signatures(memoryview(b"")) == {}
