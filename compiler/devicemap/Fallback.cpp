#include "compiler/devicemap/WalkState.h"

namespace ashlar::devicemap {

/// Splits the modules around a node that was found until it stands in the list itself.
static void bringOut(const WalkInput &input, WorkList &list, NodeId node) {
  llvm::SmallVector<NodeId, 8> around;
  for (NodeId at = node; !list.contains(at); at = input.tree[at].parent)
    around.push_back(input.tree[at].parent);
  for (NodeId module : llvm::reverse(around))
    list.replace(module, input.parts(module));
}

bool FallbackSearch::run(WorkList &list, Number limit, std::optional<NodeId> &found) {
  if (limit.isFloat())
    return input.fail("fallback allocation ends in an AttributeError in Accelerate: its limit, " +
                          text(limit) + " bytes, is a float, and it takes only whole numbers",
                      "leave --fallback-allocation out, or give budgets in whole bytes to a model "
                      "without tensors of bool or packed types");
  if (limit < Number(0))
    return true;
  ++search;
  auto isPending = [&](NodeId node) {
    return left[index(node)] != search && (list.contains(node) || entered[index(node)] == search);
  };
  std::optional<NodeId> next = list.first();
  std::vector<NodeId> parts; // of what was entered, the next one last
  while (next || !parts.empty()) {
    NodeId node = parts.empty() ? *next : parts.back();
    if (parts.empty())
      next = list.after(*next);
    else
      parts.pop_back();
    left[index(node)] = search;

    std::optional<WalkInput::Company> company = input.company(node, isPending);
    if (!company)
      return false;
    if (company->bytes <= limit) {
      bringOut(input, list, node);
      list.remove(node);
      found = node;
      return true;
    }
    if (!input.canSplit(node))
      continue;
    llvm::SmallVector<NodeId, 8> inside = input.parts(node);
    for (NodeId part : llvm::reverse(inside)) {
      entered[index(part)] = search;
      parts.push_back(part);
    }
  }
  return true;
}

} // namespace ashlar::devicemap
