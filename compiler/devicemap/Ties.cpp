#include "compiler/devicemap/Ties.h"

#include <algorithm>

namespace ashlar::devicemap {

static constexpr size_t MaxInside = 1u << 22;

namespace {

/// Finds all nodes whose names occur in a path and end there at a dot.
class Occurrences {
public:
  Occurrences(const ModuleTree &tree, const TreeIndex &treeIndex)
      : tree(tree), treeIndex(treeIndex) {
    const Node &root = tree[Root];
    for (const auto &below : {root.parameters, root.buffers, root.modules})
      for (NodeId node : below) {
        size_t length = tree[node].name.size();
        if (length >= lengths.size())
          lengths.resize(length + 1);
        lengths[length] = true;
      }
  }

  template <class Found> bool forEach(llvm::ArrayRef<llvm::StringRef> names, Found found) const {
    for (size_t i = 0; i != names.size(); ++i)
      // The first name may be the end of one of the path's, the others are whole.
      for (size_t length = 1; length <= names[i].size() && length < lengths.size(); ++length) {
        if (!lengths[length])
          continue;
        std::optional<NodeId> node = treeIndex.child(Root, names[i].take_back(length));
        for (size_t j = i + 1; node; ++j) {
          if (!found(*node))
            return false;
          if (j == names.size() || tree[*node].kind != NodeKind::Module)
            break;
          node = treeIndex.child(*node, names[j]);
        }
      }
    return true;
  }

private:
  const ModuleTree &tree;
  const TreeIndex &treeIndex;
  std::vector<bool> lengths; // of the names at the root
};

} // namespace

std::optional<Ties> Ties::find(const ModuleTree &tree, const TreeIndex &treeIndex,
                               Diagnostics &diags) {
  std::vector<std::vector<std::pair<std::string, NodeId>>> groups;
  for (const TiedGroup &group : tree.tied) {
    auto &named = groups.emplace_back();
    for (NodeId member : group.members)
      named.emplace_back(tree.path(member), member);
    std::sort(named.begin(), named.end());
  }
  std::sort(groups.begin(), groups.end());

  Ties ties;
  Occurrences occurrences(tree, treeIndex);
  for (uint32_t g = 0; g != groups.size(); ++g) {
    auto &members = ties.members.emplace_back();
    for (uint32_t m = 0; m != groups[g].size(); ++m) {
      const auto &[path, node] = groups[g][m];
      members.push_back(node);
      llvm::SmallVector<llvm::StringRef, 8> names;
      llvm::StringRef(path).split(names, '.');
      bool all = occurrences.forEach(names, [&](NodeId around) {
        ties.table.push_back({around, g, m});
        return ties.table.size() <= MaxInside;
      });
      if (!all) {
        diags.error(Exit::BadInput, tree.source,
                    "the names of modules occur more than " + llvm::Twine(MaxInside) +
                        " times in those of tied parameters");
        diags.note("give the modules of the root names that are not the ends of others");
        return std::nullopt;
      }
    }
  }
  std::sort(ties.table.begin(), ties.table.end());
  ties.table.erase(std::unique(ties.table.begin(), ties.table.end()), ties.table.end());
  return ties;
}

llvm::ArrayRef<Ties::Inside> Ties::around(NodeId node) const {
  auto range = std::equal_range(table.begin(), table.end(), Inside{node, 0, 0},
                                [](const Inside &a, const Inside &b) { return a.node < b.node; });
  return llvm::ArrayRef(table).slice(range.first - table.begin(), range.second - range.first);
}

llvm::SmallVector<NodeId, 8> Ties::outside(NodeId node) const {
  llvm::SmallVector<NodeId, 8> result;
  llvm::ArrayRef<Inside> inside = around(node);
  while (!inside.empty()) {
    uint32_t g = inside.front().group;
    llvm::ArrayRef<Inside> ofGroup =
        inside.take_while([&](const Inside &entry) { return entry.group == g; });
    inside = inside.drop_front(ofGroup.size());
    for (uint32_t m = 0; m != members[g].size(); ++m)
      if (!ofGroup.empty() && ofGroup.front().member == m)
        ofGroup = ofGroup.drop_front();
      else
        result.push_back(members[g][m]);
  }
  return result;
}

NodeId Ties::insidePartOf(NodeId node, NodeId outside) const {
  for (const Inside &inside : around(node))
    if (llvm::is_contained(members[inside.group], outside))
      return members[inside.group][inside.member];
  return outside;
}

} // namespace ashlar::devicemap
