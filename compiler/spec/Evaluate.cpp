#include "compiler/spec/Evaluate.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

namespace ashlar {

using spec::at;
using spec::Expr;
using spec::ExprId;
using spec::ExprKind;
using spec::Operator;

std::string Evaluator::described(const Constant &constant) {
  if (std::holds_alternative<std::monostate>(constant) || isList(constant))
    return show(constant);
  return show(constant) + " (" + typeName(constant).str() + ")";
}

std::optional<Constant> Evaluator::constantOf(const llvm::json::Value &value) {
  if (std::optional<bool> boolean = value.getAsBoolean())
    return *boolean;
  if (std::optional<int64_t> integer = value.getAsInteger())
    return *integer;
  if (std::optional<double> real = value.getAsNumber(); real && std::isfinite(*real))
    return *real;
  if (std::optional<llvm::StringRef> string = value.getAsString())
    return string->str();
  if (const llvm::json::Array *list = value.getAsArray())
    return list;
  return std::nullopt;
}

std::optional<Constant> Evaluator::value(ExprId id) { return evaluate(id, false); }

std::optional<bool> Evaluator::boolean(ExprId id, const llvm::Twine &what) {
  std::optional<Constant> constant = value(id);
  if (!constant)
    return std::nullopt;
  if (auto *value = std::get_if<bool>(&*constant))
    return *value;
  errors.error(at(file.expr(id).text), what + " is true or false, not " + described(*constant));
  noteKeys(id);
  return std::nullopt;
}

std::optional<int64_t> Evaluator::integer(ExprId id, const llvm::Twine &what, int64_t least,
                                          int64_t most) {
  std::optional<Constant> constant = value(id);
  if (!constant)
    return std::nullopt;
  auto *value = std::get_if<int64_t>(&*constant);
  if (value && *value >= least && *value <= most)
    return *value;
  errors.error(at(file.expr(id).text), what + " is an integer from " + llvm::Twine(least) + " to " +
                                           llvm::Twine(most) + ", not " +
                                           (value ? show(*constant) : described(*constant)));
  noteKeys(id);
  return std::nullopt;
}

std::optional<double> Evaluator::real(ExprId id, const llvm::Twine &what) {
  std::optional<Constant> constant = value(id);
  if (!constant)
    return std::nullopt;
  if (std::optional<double> value = asNumber(*constant))
    return value;
  errors.error(at(file.expr(id).text), what + " is a number, not " + described(*constant));
  noteKeys(id);
  return std::nullopt;
}

llvm::SmallVector<std::string, 1> Evaluator::keys(ExprId id) const {
  llvm::SmallVector<std::string, 1> result;
  constexpr size_t MaxKeys = 16; // only notes ask, and names hand on what they have
  auto add = [&](llvm::StringRef key) {
    if (result.size() < MaxKeys && !llvm::is_contained(result, key))
      result.push_back(key.str());
  };
  auto walk = [&](auto &walk, ExprId id) -> void {
    const Expr &e = file.expr(id);
    if (e.kind == ExprKind::Key)
      add(e.text);
    if (e.kind == ExprKind::Name) {
      if (const Symbol *symbol = symbols.find(e.text))
        llvm::for_each(symbol->keys, add);
      else if (namesAreKeys)
        add(e.text);
    }
    for (ExprId operand : e.operands)
      walk(walk, operand);
  };
  walk(walk, id);
  return result;
}

void Evaluator::noteKeys(ExprId id) {
  for (const std::string &key : keys(id))
    if (const llvm::json::Value *value = config.find(key)) {
      std::optional<Constant> constant = constantOf(*value);
      errors.note(config.where(key),
                  "\"" + key + "\" is " + (constant ? show(*constant) : "an object"));
    }
}

std::optional<Constant> Evaluator::evaluate(ExprId id, bool mayBeAbsent) {
  const Expr &e = file.expr(id);
  switch (e.kind) {
  case ExprKind::Integer:
    return e.integer;
  case ExprKind::Real:
    return e.real;
  case ExprKind::String:
    return e.text.str();
  case ExprKind::Bool:
    return e.text == "true";
  case ExprKind::Null:
    return Constant();
  case ExprKind::Name:
    return name(e, mayBeAbsent);
  case ExprKind::Key:
    return key(e.text, mayBeAbsent);
  case ExprKind::Unary:
    return unary(e);
  case ExprKind::Binary:
    return binary(e, mayBeAbsent);
  case ExprKind::Conditional: {
    std::optional<bool> condition = boolean(e.operands[0], "a condition");
    if (!condition)
      return std::nullopt;
    return evaluate(e.operands[*condition ? 1 : 2], mayBeAbsent);
  }
  case ExprKind::Call:
    return call(e);
  case ExprKind::Index:
    return element(e, mayBeAbsent);
  case ExprKind::Slice:
    errors.error(at(e.text), "a range of columns is one of a value, and a constant is wanted");
    return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Constant> Evaluator::name(const Expr &e, bool mayBeAbsent) {
  const Symbol *symbol = symbols.find(e.text);
  if (symbol && symbol->kind == Symbol::IsConstant)
    return symbol->constant;
  if (symbol) {
    errors.error(at(e.text), "\"" + e.text + "\" is " +
                                 (symbol->kind == Symbol::IsRope    ? "a rope"
                                  : symbol->kind == Symbol::IsValue ? "a value of the block"
                                                                    : "a weight") +
                                 ", and a constant is wanted");
    return std::nullopt;
  }
  if (namesAreKeys)
    return key(e.text, mayBeAbsent);
  symbols.reportUnknown(e.text, errors);
  if (config.find(e.text))
    errors.note("config.json has this key: write config." + e.text +
                ", or give it a name in config { }");
  return std::nullopt;
}

std::optional<Constant> Evaluator::key(llvm::StringRef key, bool mayBeAbsent) {
  const llvm::json::Value *value = config.find(key);
  if (!value) {
    if (mayBeAbsent)
      return Constant();
    errors.error(at(key), "the config has no key \"" + key + "\", and the spec gives no default");
    if (llvm::StringRef near = symbols.nearestTo(key); !near.empty())
      errors.note("if the name \"" + near + "\" was meant, write that");
    errors.note(config.where(key), "add \"" + key + "\" here, or pass --set " + key + "=VALUE");
    return std::nullopt;
  }
  std::optional<Constant> constant = constantOf(*value);
  if (!constant) {
    errors.error(at(key), "\"" + key + "\" is no number, string, boolean or list in the config");
    errors.note(config.where(key), "here");
  }
  return constant;
}

std::optional<Constant> Evaluator::finite(const Expr &e, double value) {
  if (std::isfinite(value))
    return value;
  errors.error(at(e.text), "the result of '" + e.text + "' is not a finite number");
  return std::nullopt;
}

std::nullopt_t Evaluator::mismatch(const Expr &e, const Constant &a, const Constant &b) {
  errors.error(at(e.text),
               "'" + e.text + "' does not take " + described(a) + " and " + described(b));
  for (ExprId operand : e.operands)
    noteKeys(operand);
  return std::nullopt;
}

std::optional<Constant> Evaluator::unary(const Expr &e) {
  if (e.op == Operator::Not) {
    std::optional<bool> operand = boolean(e.operands[0], "the operand of '!'");
    if (!operand)
      return std::nullopt;
    return !*operand;
  }
  std::optional<Constant> operand = value(e.operands[0]);
  if (!operand)
    return std::nullopt;
  if (auto *integer = std::get_if<int64_t>(&*operand))
    return integers(e, 0, *integer);
  if (auto *real = std::get_if<double>(&*operand))
    return -*real;
  errors.error(at(e.text), "'-' does not take " + described(*operand));
  noteKeys(e.operands[0]);
  return std::nullopt;
}

std::optional<Constant> Evaluator::binary(const Expr &e, bool mayBeAbsent) {
  ExprId left = e.operands[0], right = e.operands[1];
  if (e.op == Operator::Default) {
    std::optional<Constant> first = evaluate(left, true);
    if (!first || !std::holds_alternative<std::monostate>(*first))
      return first;
    return evaluate(right, mayBeAbsent);
  }
  if (e.op == Operator::Or || e.op == Operator::And) {
    std::optional<bool> first = boolean(left, "the left side of '" + e.text + "'");
    if (!first)
      return std::nullopt;
    if (*first == (e.op == Operator::Or))
      return *first;
    std::optional<bool> second = boolean(right, "the right side of '" + e.text + "'");
    if (!second)
      return std::nullopt;
    return *second;
  }
  // `key == null` asks whether the config leaves a key out.
  bool equality = e.op == Operator::Equal || e.op == Operator::NotEqual;
  auto isNull = [&](ExprId id) { return equality && file.expr(id).kind == ExprKind::Null; };
  std::optional<Constant> a = evaluate(left, isNull(right));
  std::optional<Constant> b = a ? evaluate(right, isNull(left)) : std::nullopt;
  if (!b)
    return std::nullopt;
  if (spec::precedence(e.op) == spec::ComparisonPrecedence)
    return compare(e, *a, *b);
  return arithmetic(e, *a, *b);
}

std::optional<Constant> Evaluator::compare(const Expr &e, const Constant &a, const Constant &b) {
  bool equality = e.op == Operator::Equal || e.op == Operator::NotEqual;
  std::optional<double> x = asNumber(a), y = asNumber(b);
  bool less, equal;
  if (x && y && a.index() != b.index()) {
    less = *x < *y;
    equal = *x == *y;
  } else if (a.index() == b.index() && (equality || x) && !isList(a)) {
    less = a < b;
    equal = a == b;
  } else if (equality && (a.index() == 0 || b.index() == 0)) {
    less = equal = false; // one of them is null
  } else {
    return mismatch(e, a, b);
  }
  switch (e.op) {
  case Operator::Equal:
    return equal;
  case Operator::NotEqual:
    return !equal;
  case Operator::Less:
    return less;
  case Operator::LessEqual:
    return less || equal;
  case Operator::Greater:
    return !less && !equal;
  default:
    return !less;
  }
}

std::optional<Constant> Evaluator::arithmetic(const Expr &e, const Constant &a, const Constant &b) {
  auto *i = std::get_if<int64_t>(&a), *j = std::get_if<int64_t>(&b);
  if (i && j)
    return integers(e, *i, *j);
  auto *s = std::get_if<std::string>(&a), *t = std::get_if<std::string>(&b);
  if (s && t && e.op == Operator::Add)
    return joined(e, *s, *t);
  std::optional<double> x = asNumber(a), y = asNumber(b);
  if (!x || !y || e.op == Operator::Remainder)
    return mismatch(e, a, b);
  switch (e.op) {
  case Operator::Add:
    return finite(e, *x + *y);
  case Operator::Subtract:
    return finite(e, *x - *y);
  case Operator::Multiply:
    return finite(e, *x * *y);
  default:
    return finite(e, *x / *y);
  }
}

// Bounded, lest a few lines double a word for ever.
std::optional<Constant> Evaluator::joined(const Expr &e, const std::string &a,
                                          const std::string &b) {
  constexpr size_t MaxText = 1024;
  if (a.size() + b.size() <= MaxText)
    return a + b;
  errors.error(at(e.text), "a string of " + llvm::Twine(a.size() + b.size()) +
                               " characters; at most " + llvm::Twine(MaxText) + " are allowed");
  return std::nullopt;
}

// Also a negation, as 0 - b.
std::optional<Constant> Evaluator::integers(const Expr &e, int64_t a, int64_t b) {
  auto fail = [&](const llvm::Twine &why) -> std::optional<Constant> {
    errors.error(at(e.text), llvm::Twine(a) + " " + e.text + " " + llvm::Twine(b) + " " + why);
    for (ExprId operand : e.operands)
      noteKeys(operand);
    return std::nullopt;
  };
  int64_t result = 0;
  bool overflow = false;
  switch (e.op) {
  case Operator::Add:
    overflow = __builtin_add_overflow(a, b, &result);
    break;
  case Operator::Negate:
  case Operator::Subtract:
    overflow = __builtin_sub_overflow(a, b, &result);
    break;
  case Operator::Multiply:
    overflow = __builtin_mul_overflow(a, b, &result);
    break;
  default:
    if (b == 0)
      return fail("divides by zero");
    if (b == -1) { // the machine's division would trap on the least integer
      overflow = __builtin_sub_overflow(int64_t(0), a, &result);
      if (e.op == Operator::Remainder)
        return int64_t(0);
      break;
    }
    if (e.op == Operator::Remainder)
      return a % b;
    if (a % b != 0) {
      fail("is not a whole number");
      errors.note("a real number comes of dividing real numbers: 1.0 / 2");
      return std::nullopt;
    }
    return a / b;
  }
  if (overflow)
    return fail("does not fit into 64 bits");
  return result;
}

} // namespace ashlar
