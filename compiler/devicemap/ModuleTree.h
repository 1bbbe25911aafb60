/// A model as device maps see it: named modules of a class, in definition order, with the tensors
/// that they hold themselves. Nothing here is about what is computed.
#pragma once

#include "compiler/devicemap/TorchType.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ashlar::devicemap {

/// A module, a parameter or a buffer: whatever a map may name.
enum class NodeId : uint32_t {};
constexpr uint32_t index(NodeId id) { return static_cast<uint32_t>(id); }

enum class NodeKind : uint8_t { Module, Parameter, Buffer };

struct Node {
  std::string name; // its own, without dots: "q_proj", "weight"; empty for the root
  NodeKind kind = NodeKind::Module;
  NodeId parent{}; // the root's is the root
  // Of a module:
  std::string className; // what no-split classes are matched with
  llvm::SmallVector<NodeId, 0> parameters, buffers, modules;
  // Of a tensor:
  llvm::SmallVector<uint64_t, 0> shape;
  uint64_t elements = 0; // the shape's product
  TorchType type{};
  bool persistent = true; // whether a checkpoint holds it
};

/// Names of one and the same parameter.
struct TiedGroup {
  std::vector<NodeId> members; // two or more
  NodeId source{};             // where a checkpoint that is not tied yet has the bytes
};

/// Reading keeps to these; they bound what any input can cost, and every sum of sizes.
constexpr uint64_t MaxNodes = 1u << 18;
constexpr uint64_t MaxElements = (uint64_t(1) << 63) - 1; // of a tensor, as in torch
constexpr size_t MaxPath = 1024;                          // characters
constexpr unsigned MaxModuleDepth = 128;
constexpr uint64_t MaxTied = 1u << 16; // names in all groups
constexpr size_t MaxDevices = 1024;

struct ModuleTree {
  std::string source;      // where it comes from, for messages: a file
  std::vector<Node> nodes; // the root first, parents before children
  std::vector<TiedGroup> tied;

  explicit ModuleTree(std::string rootClass = "");
  const Node &operator[](NodeId id) const { return nodes[index(id)]; }
  NodeId addModule(NodeId parent, llvm::StringRef name, llvm::StringRef className);
  /// `kind` is not Module; the product of the shape is at most MaxElements.
  NodeId addTensor(NodeId parent, NodeKind kind, llvm::StringRef name,
                   llvm::ArrayRef<uint64_t> shape, TorchType type, bool persistent = true);
  /// "model.layers.3.mlp"; the root's is empty. With a module around it, the name within that.
  std::string path(NodeId id, NodeId within = NodeId{0}) const;
};
constexpr NodeId Root{0};

/// The product, or nothing where it is more than a tensor can have.
std::optional<uint64_t> countElements(llvm::ArrayRef<uint64_t> shape);

/// Where nodes stand and how they are found. Holds references to the tree's names.
class TreeIndex {
public:
  explicit TreeIndex(const ModuleTree &tree);

  /// All modules, each before what is under it.
  llvm::ArrayRef<NodeId> modules() const { return order; }
  /// A module and all under it.
  llvm::ArrayRef<NodeId> subtree(NodeId module) const {
    return llvm::ArrayRef(order).slice(first[index(module)], count[index(module)]);
  }
  std::optional<NodeId> child(NodeId module, llvm::StringRef name) const;
  std::optional<NodeId> find(llvm::StringRef path) const;

private:
  std::vector<NodeId> order;
  std::vector<uint32_t> first, count; // by node
  llvm::DenseMap<std::pair<uint32_t, llvm::StringRef>, NodeId> children;
};

} // namespace ashlar::devicemap
