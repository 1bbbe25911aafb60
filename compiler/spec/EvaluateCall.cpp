// Constant expressions that call a function or take a list's element.

#include "compiler/spec/Activations.h"
#include "compiler/spec/Evaluate.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

namespace ashlar {

using spec::at;
using spec::Expr;
using spec::ExprId;
using spec::ExprKind;

std::optional<Constant> Evaluator::element(const Expr &e, bool mayBeAbsent) {
  std::optional<Constant> base = evaluate(e.operands[0], mayBeAbsent);
  if (!base || std::holds_alternative<std::monostate>(*base))
    return base;
  if (!isList(*base)) {
    errors.error(at(file.expr(e.operands[0]).text),
                 "a list is wanted here, not " + described(*base));
    noteKeys(e.operands[0]);
    return std::nullopt;
  }
  const llvm::json::Array &list = *std::get<const llvm::json::Array *>(*base);
  if (list.empty()) {
    errors.error(at(file.expr(e.operands[0]).text), "the list is empty");
    noteKeys(e.operands[0]);
    return std::nullopt;
  }
  std::optional<int64_t> index =
      integer(e.operands[1], "the number of an element", 0, int64_t(list.size()) - 1);
  if (!index) {
    noteKeys(e.operands[0]);
    return std::nullopt;
  }
  const llvm::json::Value &value = list[size_t(*index)];
  if (value.kind() == llvm::json::Value::Null)
    return Constant();
  std::optional<Constant> constant = constantOf(value);
  if (!constant) {
    errors.error(at(e.text), "element " + llvm::Twine(*index) +
                                 " of the list is no number, string, boolean or list");
    noteKeys(e.operands[0]);
  }
  return constant;
}

// Whether the config says anything under a key, be it null.
std::optional<Constant> Evaluator::has(const Expr &e) {
  const Expr &key = file.expr(e.operands[0]);
  if (key.kind == ExprKind::Key ||
      (key.kind == ExprKind::Name && namesAreKeys && !symbols.find(key.text)))
    return config.has(key.text);
  errors.error(at(key.text), "has takes a key of the config");
  errors.note("write has(config.KEY)");
  return std::nullopt;
}

std::optional<Constant> Evaluator::count(const Expr &e) {
  std::optional<Constant> list = value(e.operands[0]);
  if (!list)
    return std::nullopt;
  if (isList(*list))
    return int64_t(std::get<const llvm::json::Array *>(*list)->size());
  errors.error(at(file.expr(e.operands[0]).text), "count takes a list, not " + described(*list));
  noteKeys(e.operands[0]);
  return std::nullopt;
}

// "Qwen2" of "qwen2".
std::optional<Constant> Evaluator::capital(const Expr &e) {
  std::optional<Constant> word = value(e.operands[0]);
  if (!word)
    return std::nullopt;
  if (auto *text = std::get_if<std::string>(&*word); text && !text->empty())
    return llvm::StringRef(*text).take_front().upper() + text->substr(1);
  errors.error(at(file.expr(e.operands[0]).text), "capital takes a word, not " + described(*word));
  noteKeys(e.operands[0]);
  return std::nullopt;
}

std::optional<Constant> Evaluator::classOf(const Expr &e) {
  std::optional<Activation> found = activation(e.operands[0]);
  if (!found)
    return std::nullopt;
  return classOfActivation(std::get<std::string>(*value(e.operands[0]))).str();
}

std::optional<Activation> Evaluator::activation(ExprId id) {
  std::optional<Constant> name = value(id);
  if (!name)
    return std::nullopt;
  auto *text = std::get_if<std::string>(&*name);
  if (std::optional<Activation> found = text ? findActivation(*text) : std::nullopt)
    return found;
  errors.error(at(file.expr(id).text), text ? "the activation " + show(*name) + " is not supported"
                                            : "an activation is a string, not " + described(*name));
  noteKeys(id);
  noteActivations(text ? llvm::StringRef(*text) : "", errors);
  return std::nullopt;
}

std::optional<Constant> Evaluator::call(const Expr &e) {
  static constexpr llvm::StringRef Functions[] = {"sqrt", "min",   "max",     "floor",
                                                  "has",  "count", "classOf", "capital"};
  if (!llvm::is_contained(Functions, e.text)) {
    errors.error(at(e.text), "unknown function \"" + e.text + "\"");
    if (llvm::StringRef near = nearest(e.text, Functions); !near.empty())
      errors.note("did you mean \"" + near + "\"?");
    else
      errors.note("constant expressions may call sqrt, min, max, floor, has, count, classOf and "
                  "capital");
    return std::nullopt;
  }
  if (e.text == "has" || e.text == "count" || e.text == "classOf" || e.text == "capital") {
    if (e.operands.size() != 1 || !e.named.empty()) {
      errors.error(at(e.text), e.text + " takes one argument");
      return std::nullopt;
    }
    return e.text == "has"       ? has(e)
           : e.text == "count"   ? count(e)
           : e.text == "classOf" ? classOf(e)
                                 : capital(e);
  }
  bool pair = e.text == "min" || e.text == "max";
  if (e.operands.size() != (pair ? 2 : 1) || !e.named.empty()) {
    errors.error(at(e.text), e.text + " takes " + (pair ? "two numbers" : "one number"));
    return std::nullopt;
  }
  if (!pair) {
    std::optional<double> x = real(e.operands[0], "the argument of " + e.text);
    if (!x)
      return std::nullopt;
    if (e.text == "sqrt")
      return finite(e, std::sqrt(*x));
    if (std::fabs(*x) >= 0x1p63) {
      errors.error(at(e.text), "the result of floor does not fit into 64 bits");
      return std::nullopt;
    }
    return static_cast<int64_t>(std::floor(*x));
  }
  std::optional<Constant> a = value(e.operands[0]);
  std::optional<Constant> b = a ? value(e.operands[1]) : std::nullopt;
  if (!b)
    return std::nullopt;
  if (!asNumber(*a) || !asNumber(*b))
    return mismatch(e, *a, *b);
  bool first = e.text == "min" ? *asNumber(*a) <= *asNumber(*b) : *asNumber(*a) >= *asNumber(*b);
  if (a->index() == 2 && b->index() == 2) // both integers: compared exactly
    first = e.text == "min" ? *a <= *b : *a >= *b;
  return first ? a : b;
}

} // namespace ashlar
