"""Simplifies a recorded graph, so that backends find few kinds of operations: views, constants, no copies."""

from typing import Any

from torch import Tensor, fx

from realtime.backends.graph import StreamGraph, aten, write_values

_AS_VIEWS = {
    aten.alias_copy.default: aten.alias.default,
    aten.expand_copy.default: aten.expand.default,
    aten.permute_copy.default: aten.permute.default,
    aten.select_copy.int: aten.select.int,
    aten.slice_copy.Tensor: aten.slice.Tensor,
    aten.split_copy.Tensor: aten.split.Tensor,
    aten.squeeze_copy.dim: aten.squeeze.dim,
    aten.t_copy.default: aten.t.default,
    aten.transpose_copy.int: aten.transpose.int,
    aten.unsqueeze_copy.default: aten.unsqueeze.default,
    aten.view_copy.default: aten.reshape.default,
    aten.view.default: aten.reshape.default,
    aten._unsafe_view.default: aten.reshape.default,
}
"""Nothing is written in place any more, so a view does what a copy does."""
_SHAPE_ONLY = {aten.ones_like.default, aten.zeros_like.default}
_MAYBE_IDENTITY = {
    aten.slice.Tensor,
    aten.reshape.default,
    aten.alias.default,
    aten.clone.default,
    aten._to_copy.default,
    aten.detach.default,
    aten.lift_fresh_copy.default,
}


def simplify(graph: StreamGraph) -> None:
    """Turn copies into views, compute constants, remove operations that change nothing; in place."""
    nodes = graph.module.graph
    for node in list(nodes.nodes):
        node.target = _AS_VIEWS.get(node.target, node.target)
    write_values(graph)
    _fold_constants(graph.module)
    for node in list(nodes.nodes):
        if node.target is aten.copy.default and _alike(node, node.args[1]):
            node.replace_all_uses_with(node.args[1])
        elif node.target in _MAYBE_IDENTITY and _alike(node, node.args[0]):
            node.replace_all_uses_with(node.args[0])
        elif node.target is aten.slice_scatter.default:
            node.replace_all_uses_with(_joined(nodes, node))
    nodes.eliminate_dead_code()
    graph.module.recompile()
    write_values(graph)


def _joined(nodes: fx.Graph, scatter: fx.Node) -> Any:
    """`slice_scatter` written as slices side by side: few converters know it."""
    base, part, dim, start, end = (*scatter.args, None, None)[:5]
    length = scatter.meta["value"].shape[dim]
    begin, stop, _ = slice(start, end).indices(length)
    if scatter.args[5:] or (begin, stop) == (0, length):
        return part if not scatter.args[5:] else scatter
    with nodes.inserting_before(scatter):
        before = [nodes.call_function(aten.slice.Tensor, (base, dim, 0, begin))] if begin else []
        after = [nodes.call_function(aten.slice.Tensor, (base, dim, stop, length))] if stop < length else []
        joined = nodes.call_function(aten.cat.default, ([*before, part, *after], dim))
    joined.meta["value"] = scatter.meta["value"]
    return joined


def _fold_constants(module: fx.GraphModule) -> None:
    """Replace results that depend on weights alone by buffers."""
    constant: set[fx.Node] = set()
    for node in list(module.graph.nodes):
        known = all(source in constant for source in node.all_input_nodes)
        if node.op == "get_attr" or (node.op == "call_function" and (known or node.target in _SHAPE_ONLY)):
            constant.add(node)
    for node in [node for node in constant if node.op == "call_function"]:
        if isinstance(node.meta.get("value"), Tensor) and any(user not in constant for user in node.users):
            name = f"constant_of_{node.name}"
            module.register_buffer(name, node.meta["value"].clone())
            with module.graph.inserting_before(node):
                folded = module.graph.get_attr(name)
            folded.meta["value"] = node.meta["value"]
            node.replace_all_uses_with(folded)


def _alike(node: fx.Node, source: Any) -> bool:
    """Whether a node's result has the shape and dtype of its source's."""
    if not isinstance(source, fx.Node):
        return False
    new, old = node.meta.get("value"), source.meta.get("value")
    return (
        isinstance(new, Tensor)
        and isinstance(old, Tensor)
        and new.shape == old.shape
        and new.dtype == old.dtype
    )
