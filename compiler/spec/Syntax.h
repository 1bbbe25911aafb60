/// The syntax tree of a spec: what was written, in the order in which it was written.
///
/// Every `StringRef` points into the spec's text, so it is the place of what it names as well (see
/// `at`); the text must outlive the tree. Expressions stand in one vector and are named by ids. The
/// tree is never deeper than `MaxNesting`, so walks over it may recurse.
#pragma once

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/SMLoc.h"

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace ashlar::spec {

constexpr unsigned MaxNesting = 64;

inline llvm::SMLoc at(llvm::StringRef text) { return llvm::SMLoc::getFromPointer(text.data()); }

enum class ExprId : uint32_t {};

enum class ExprKind : uint8_t {
  Integer,
  Real,
  String,
  Bool,
  Null,
  Name,
  Key, // config.KEY
  Unary,
  Binary,
  Conditional, // if A then B else C
  Call,
};

enum class Operator : uint8_t {
  Or,
  And,
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  Default, // ??
  Add,
  Subtract,
  Multiply,
  Divide,
  Remainder,
  Negate,
  Not,
};

llvm::StringRef spelling(Operator op);
/// A higher one binds tighter; the operators of one level group to the left, but `??`.
unsigned precedence(Operator op);
constexpr unsigned ComparisonPrecedence = 3;

struct NamedArgument {
  llvm::StringRef name;
  ExprId value;
};

struct Expr {
  ExprKind kind;
  Operator op = Operator::Or; // Unary, Binary
  uint8_t depth = 1;
  llvm::StringRef text = {}; // the name, key, number, operator, or the string without its quotes
  int64_t integer = 0;
  double real = 0;
  llvm::SmallVector<ExprId, 3> operands = {}; // of a call: its arguments without a name
  llvm::SmallVector<NamedArgument, 1> named = {};
};

/// `NAME = EXPR`, or `require EXPR` without a name.
struct Setting {
  llvm::StringRef name;
  ExprId value;
};

/// rope NAME(ARGUMENT = EXPR, …)
struct RopeItem {
  llvm::StringRef name;
  llvm::SmallVector<NamedArgument, 2> arguments;
};

/// weight NAME[SHAPE] = "TENSOR" [bias EXPR] [if EXPR] [tied to NAME [if EXPR]]
struct WeightItem {
  llvm::StringRef name;
  llvm::SmallVector<ExprId, 2> shape;
  llvm::StringRef tensor;
  std::optional<ExprId> bias;
  llvm::StringRef tiedTo; // empty: never tied
  std::optional<ExprId> tiedIf;
  std::optional<ExprId> presentIf;
};

/// `NAME = EXPR`, or `return EXPR` without a name.
struct Statement {
  llvm::StringRef name;
  ExprId value;
};

/// block NAME(STREAM, …) -> STREAM { STATEMENTS }
struct BlockItem {
  llvm::StringRef name;
  llvm::SmallVector<llvm::StringRef, 2> inputs;
  llvm::StringRef output;
  std::vector<Statement> statements; // the last one, and only that, is the return
};

/// ignore "PATTERN"
struct IgnoreItem {
  llvm::StringRef pattern;
};

/// each WORD VARIABLE in BEGIN..END
struct Loop {
  llvm::StringRef word;
  llvm::StringRef variable;
  ExprId begin, end;
};

struct Item;

/// module "PATH" [: CLASS] [nosplit] { ITEMS }, or the same repeated by a loop.
struct ScopeItem {
  std::optional<Loop> loop;
  llvm::StringRef path;
  llvm::StringRef className;
  bool noSplit = false;
  std::vector<Item> items;
};

struct Item {
  std::variant<RopeItem, WeightItem, BlockItem, IgnoreItem, ScopeItem> is;
};

struct File {
  llvm::StringRef name;
  std::vector<llvm::StringRef> modelTypes;
  std::vector<Setting> settings;
  std::optional<ExprId> context;
  std::vector<Item> items;
  std::vector<Expr> exprs;

  const Expr &expr(ExprId id) const { return exprs[static_cast<uint32_t>(id)]; }
};

} // namespace ashlar::spec
