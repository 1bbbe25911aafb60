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
  Index, // LIST[NUMBER]
  Slice, // VALUE[BEGIN..END]
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

/// `NAME = EXPR`, or `require EXPR` without a name; as an item, `let NAME = EXPR`.
struct Setting {
  llvm::StringRef name;
  ExprId value;
};

/// rope NAME(ARGUMENT = EXPR, …)
struct RopeItem {
  llvm::StringRef name;
  llvm::SmallVector<NamedArgument, 2> arguments;
};

/// weight NAME[SHAPE] = "TENSOR" [: CLASS] [transposed] [bias EXPR] [if EXPR]
///     [tied to NAME [if EXPR]]
struct WeightItem {
  llvm::StringRef name;
  llvm::SmallVector<ExprId, 2> shape;
  llvm::StringRef tensor;
  llvm::StringRef className; // of the module that holds it
  bool transposed = false;
  std::optional<ExprId> bias;
  llvm::StringRef tiedTo; // empty: never tied
  std::optional<ExprId> tiedIf;
  std::optional<ExprId> presentIf;
};

/// buffer "TENSOR"[SHAPE] TYPE [persistent]
struct BufferItem {
  llvm::StringRef tensor;
  llvm::SmallVector<ExprId, 2> shape;
  llvm::StringRef type;
  bool persistent = false;
};

/// `NAME = EXPR`, or `return EXPR` without a name.
struct Statement {
  llvm::StringRef name;
  ExprId value;
};

/// input NAME[COLUMNS]
struct InputItem {
  llvm::StringRef name;
  llvm::SmallVector<ExprId, 2> shape;
};

/// block NAME(STREAM, …) -> [new] STREAM { STATEMENTS }
struct BlockItem {
  llvm::StringRef name;
  llvm::SmallVector<llvm::StringRef, 2> inputs;
  llvm::StringRef output;
  bool isNew = false;                // the output's name stands for another stream from here on
  std::vector<Statement> statements; // the last one, and only that, is the return
};

/// ignore "PATTERN"
struct IgnoreItem {
  llvm::StringRef pattern;
};

/// each WORD VARIABLE in BEGIN..END; without a path, no module is repeated
struct Loop {
  llvm::StringRef word;
  llvm::StringRef variable;
  ExprId begin, end;
  size_t length = 0; // of its text, from the variable to the last brace
};

struct Item;

/// module "PATH" [or "PATH"]… [: CLASS] [nosplit] [{ ITEMS }], or the same repeated by a loop. A
/// class may hold {NAMES}, as a path may.
struct ScopeItem {
  std::optional<Loop> loop;
  llvm::StringRef path;
  llvm::SmallVector<llvm::StringRef, 1> others; // where checkpoints may have the same tensors
  llvm::StringRef className;
  bool noSplit = false;
  std::vector<Item> items;
};

/// if CONDITION { ITEMS } [else { ITEMS }]
struct IfItem {
  ExprId condition;
  std::vector<Item> then, otherwise;
};

struct Item {
  std::variant<Setting, RopeItem, InputItem, WeightItem, BufferItem, BlockItem, IgnoreItem,
               ScopeItem, IfItem>
      is;
};

struct File {
  llvm::StringRef name;
  std::vector<llvm::StringRef> modelTypes;
  llvm::StringRef className;
  std::vector<Setting> settings;
  std::vector<llvm::StringRef> harmless; // patterns of config keys that change no results
  std::optional<ExprId> context;
  std::vector<Item> items;
  std::vector<Expr> exprs;

  const Expr &expr(ExprId id) const { return exprs[static_cast<uint32_t>(id)]; }
};

} // namespace ashlar::spec
