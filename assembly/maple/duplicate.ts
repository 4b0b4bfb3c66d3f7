// A copy of a whole tree, node by node, with the same layout (__mt_dup).

import { FAIL_ALLOCATION } from "../abi";
import { count, MAPLE_NODE_READS, MAPLE_NODE_WRITES, MAPLE_PARENT_WRITES } from "../events";
import { failsHere, ranOut } from "../limits";
import { Tree } from "./cursor";
import { copyNode, endOf, holdNodes, isLeaf, popNode, setParent, setSlot, slotAt, typeOf } from "./node";

/** Makes `to`, which is empty, a copy of `from`. False, and still empty, without memory. */
export function duplicateTree(to: Tree, from: Tree): bool {
  to.flags = from.flags;
  to.height = 0;
  to.root = 0;
  if (from.height == 0) {
    to.root = from.root;
    return true;
  }
  nodes = 0;
  if (!countNodes(<usize>from.root)) return false;
  if (!holdNodes(nodes)) {
    ranOut();
    return false;
  }
  to.root = <u32>duplicateNode(<usize>from.root, 0, 0);
  to.height = from.height;
  return true;
}

let nodes: u32 = 0;

/** Counts the nodes; false when the allocation of a node's children (or of the root) is one that fails. */
function countNodes(node: usize): bool {
  nodes++;
  if (nodes == 1 && failsHere(FAIL_ALLOCATION)) return false;
  if (isLeaf(typeOf(node))) return true;
  if (failsHere(FAIL_ALLOCATION)) return false;
  const end = endOf(node);
  for (let i: u32 = 0; i <= end; i++) {
    if (!countNodes(<usize>slotAt(node, i))) return false;
  }
  return true;
}

function duplicateNode(from: usize, parent: usize, slot: u32): usize {
  count(MAPLE_NODE_READS);
  count(MAPLE_NODE_WRITES);
  const node = popNode();
  copyNode(node, from);
  setParent(node, parent, slot);
  if (isLeaf(typeOf(node))) return node;
  const end = endOf(from);
  for (let i: u32 = 0; i <= end; i++) {
    count(MAPLE_PARENT_WRITES);
    setSlot(node, i, <u32>duplicateNode(<usize>slotAt(from, i), node, i));
  }
  return node;
}
