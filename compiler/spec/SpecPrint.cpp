// Line by line in the order of the tree. The sizes of indents and the places of brackets are this
// file's alone; comments and blank lines of the original are not kept.

#include "compiler/spec/Lexer.h"
#include "compiler/spec/Spec.h"

#include "llvm/ADT/StringExtras.h"

namespace ashlar {

namespace {

using namespace spec;

constexpr unsigned TightestPrecedence = 8;

class Printer {
public:
  Printer(const File &file, llvm::raw_ostream &out) : file(file), out(out) {}

  void print() {
    out << "model " << file.name << " for [";
    llvm::interleaveComma(file.modelTypes, out, [&](llvm::StringRef type) { quoted(type); });
    out << "]";
    classed(file.className);
    out << " {\n";
    indent = 2;
    if (!file.settings.empty() || !file.harmless.empty()) {
      line() << "config {\n";
      indent += 2;
      for (const Setting &setting : file.settings)
        binding(setting.name, "require", setting.value);
      if (!file.harmless.empty()) {
        line() << "ignore ";
        llvm::interleaveComma(file.harmless, out, [&](llvm::StringRef key) { quoted(key); });
        out << '\n';
      }
      indent -= 2;
      line() << "}\n";
    }
    if (file.context) {
      line() << "context ";
      expr(*file.context);
      out << '\n';
    }
    items(file.items);
    out << "}\n";
  }

private:
  llvm::raw_ostream &line() { return out.indent(indent); }
  void quoted(llvm::StringRef text) { out << '"' << text << '"'; }
  void classed(llvm::StringRef name) {
    if (name.empty())
      return;
    out << " : ";
    if (isName(name))
      out << name;
    else
      quoted(name);
  }

  void binding(llvm::StringRef name, llvm::StringRef without, ExprId value) {
    line();
    if (name.empty())
      out << without << ' ';
    else
      out << name << " = ";
    expr(value);
    out << '\n';
  }

  void items(const std::vector<Item> &items) {
    for (const Item &item : items)
      std::visit([&](const auto &is) { print(is); }, item.is);
  }

  void print(const Setting &setting) {
    if (setting.name.empty())
      return binding("", "require", setting.value);
    line() << "let " << setting.name << " = ";
    expr(setting.value);
    out << '\n';
  }

  void print(const RopeItem &rope) {
    line() << "rope " << rope.name << '(';
    arguments({}, rope.arguments);
    out << ")\n";
  }

  void print(const InputItem &input) {
    line() << "input " << input.name << '[';
    arguments(input.shape, {});
    out << "]\n";
  }

  void print(const WeightItem &weight) {
    line() << "weight " << weight.name << '[';
    arguments(weight.shape, {});
    out << "] = ";
    quoted(weight.tensor);
    classed(weight.className);
    out << (weight.transposed ? " transposed" : "");
    clause(" bias ", weight.bias);
    clause(" if ", weight.presentIf); // an 'if' after 'tied to' belongs to the tie
    if (!weight.tiedTo.empty())
      out << " tied to " << weight.tiedTo;
    clause(" if ", weight.tiedIf);
    out << '\n';
  }

  void clause(llvm::StringRef word, std::optional<ExprId> value) {
    if (!value)
      return;
    out << word;
    expr(*value);
  }

  void print(const BufferItem &buffer) {
    line() << "buffer ";
    quoted(buffer.tensor);
    out << '[';
    arguments(buffer.shape, {});
    out << "] " << buffer.type << (buffer.persistent ? " persistent\n" : "\n");
  }

  void print(const BlockItem &block) {
    line() << "block " << block.name << '(';
    llvm::interleaveComma(block.inputs, out);
    out << ") -> " << (block.isNew ? "new " : "") << block.output << " {\n";
    indent += 2;
    for (const Statement &statement : block.statements)
      binding(statement.name, "return", statement.value);
    indent -= 2;
    line() << "}\n";
  }

  void print(const IgnoreItem &ignore) {
    line() << "ignore ";
    quoted(ignore.pattern);
    out << '\n';
  }

  void print(const ScopeItem &scope) {
    line();
    if (scope.loop) {
      out << "each " << scope.loop->word << ' ' << scope.loop->variable << " in ";
      expr(scope.loop->begin);
      out << "..";
      expr(scope.loop->end);
    } else {
      out << "module";
    }
    if (!scope.path.empty()) {
      out << ' ';
      quoted(scope.path);
    }
    for (llvm::StringRef other : scope.others) {
      out << " or ";
      quoted(other);
    }
    classed(scope.className);
    out << (scope.noSplit ? " nosplit" : "");
    if (!scope.loop && scope.items.empty()) {
      out << '\n';
      return;
    }
    out << " {\n";
    indent += 2;
    items(scope.items);
    indent -= 2;
    line() << "}\n";
  }

  void print(const IfItem &item) {
    line() << "if ";
    expr(item.condition);
    out << " {\n";
    indent += 2;
    items(item.then);
    if (!item.otherwise.empty()) {
      out.indent(indent - 2) << "} else {\n";
      items(item.otherwise);
    }
    indent -= 2;
    line() << "}\n";
  }

  void arguments(llvm::ArrayRef<ExprId> unnamed, llvm::ArrayRef<NamedArgument> named) {
    llvm::ListSeparator comma;
    for (ExprId id : unnamed) {
      out << comma;
      expr(id);
    }
    for (const NamedArgument &argument : named) {
      out << comma << argument.name << " = ";
      expr(argument.value);
    }
  }

  // In brackets where it binds looser than what stands around it.
  void expr(ExprId id, unsigned around = 0) {
    const Expr &e = file.expr(id);
    unsigned own = e.kind == ExprKind::Conditional                           ? 0
                   : e.kind == ExprKind::Binary || e.kind == ExprKind::Unary ? precedence(e.op)
                                                                             : TightestPrecedence;
    bool inBrackets = own < around;
    if (inBrackets)
      out << '(';
    switch (e.kind) {
    case ExprKind::String:
      quoted(e.text);
      break;
    case ExprKind::Key:
      out << "config." << e.text;
      break;
    case ExprKind::Unary:
      out << spelling(e.op);
      expr(e.operands[0], own);
      break;
    case ExprKind::Binary: {
      bool rightwards = e.op == Operator::Default;
      bool alone = own == ComparisonPrecedence; // comparisons cannot be chained
      expr(e.operands[0], own + (rightwards || alone));
      out << ' ' << spelling(e.op) << ' ';
      expr(e.operands[1], own + !rightwards);
      break;
    }
    case ExprKind::Conditional:
      out << "if ";
      expr(e.operands[0], 0);
      out << " then ";
      expr(e.operands[1], 0);
      out << " else ";
      expr(e.operands[2], 0);
      break;
    case ExprKind::Index:
    case ExprKind::Slice:
      expr(e.operands[0], own);
      out << '[';
      expr(e.operands[1]);
      if (e.kind == ExprKind::Slice) {
        out << "..";
        expr(e.operands[2]);
      }
      out << ']';
      break;
    case ExprKind::Call:
      out << e.text << '(';
      arguments(e.operands, e.named);
      out << ')';
      break;
    case ExprKind::Integer:
    case ExprKind::Real:
    case ExprKind::Bool:
    case ExprKind::Null:
    case ExprKind::Name:
      out << e.text;
    }
    if (inBrackets)
      out << ')';
  }

  const File &file;
  llvm::raw_ostream &out;
  unsigned indent = 0;
};

} // namespace

void print(const spec::File &file, llvm::raw_ostream &out) { Printer(file, out).print(); }

} // namespace ashlar
