#include "compiler/spec/Parser.h"
#include "compiler/spec/Words.h"

#include <algorithm>
#include <cmath>

namespace ashlar::spec {

namespace {

struct OperatorFacts {
  Operator op;
  llvm::StringLiteral spelling;
  unsigned precedence;
};

constexpr OperatorFacts Operators[] = {
    {Operator::Or, "||", 1},      {Operator::And, "&&", 2},
    {Operator::Equal, "==", 3},   {Operator::NotEqual, "!=", 3},
    {Operator::Less, "<", 3},     {Operator::LessEqual, "<=", 3},
    {Operator::Greater, ">", 3},  {Operator::GreaterEqual, ">=", 3},
    {Operator::Default, "??", 4}, {Operator::Add, "+", 5},
    {Operator::Subtract, "-", 5}, {Operator::Multiply, "*", 6},
    {Operator::Divide, "/", 6},   {Operator::Remainder, "%", 6},
    {Operator::Negate, "-", 7},   {Operator::Not, "!", 7},
};
constexpr unsigned UnaryPrecedence = 7;

} // namespace

llvm::StringRef spelling(Operator op) { return Operators[static_cast<uint8_t>(op)].spelling; }
unsigned precedence(Operator op) { return Operators[static_cast<uint8_t>(op)].precedence; }

std::optional<ExprId> Parser::add(Expr expr) {
  unsigned depth = 0;
  auto below = [&](ExprId id) {
    depth = std::max<unsigned>(depth, exprs[static_cast<uint32_t>(id)].depth);
  };
  for (ExprId operand : expr.operands)
    below(operand);
  for (const NamedArgument &argument : expr.named)
    below(argument.value);
  if (depth >= MaxNesting) {
    errors.error(at(expr.text),
                 "an expression nested more than " + llvm::Twine(MaxNesting) + " deep");
    errors.note("give parts of it names");
    return std::nullopt;
  }
  expr.depth = depth + 1;
  exprs.push_back(std::move(expr));
  return static_cast<ExprId>(exprs.size() - 1);
}

std::optional<ExprId> Parser::expression() {
  if (++nesting > MaxNesting) {
    errors.error(at(peek().text), "nested more than " + llvm::Twine(MaxNesting) + " deep");
    return --nesting, std::nullopt;
  }
  std::optional<ExprId> parsed = sees("if") ? conditional() : binary(1);
  return --nesting, parsed;
}

std::optional<ExprId> Parser::conditional() {
  Expr expr = {ExprKind::Conditional};
  expr.text = tokens[next++].text;
  for (llvm::StringRef word : {"", "then", "else"}) {
    if (!word.empty() && !expect(word, " of this 'if'"))
      return std::nullopt;
    std::optional<ExprId> part = expression();
    if (!part)
      return std::nullopt;
    expr.operands.push_back(*part);
  }
  return add(std::move(expr));
}

std::optional<ExprId> Parser::binary(unsigned lowest) {
  std::optional<ExprId> left = unary();
  while (left && lineGoesOn() && peek().kind == TokenKind::Punctuation) {
    const OperatorFacts *found =
        std::find_if(std::begin(Operators), std::end(Operators), [&](const OperatorFacts &facts) {
          return facts.precedence < UnaryPrecedence && facts.spelling == peek().text;
        });
    if (found == std::end(Operators) || found->precedence < lowest)
      break;
    Expr expr = {ExprKind::Binary};
    expr.op = found->op;
    expr.text = tokens[next++].text;
    // `??` groups to the right: the parts of a ?? b ?? c are tried in turn. Recursion is bounded
    // by the same count as that of brackets.
    if (++nesting > MaxNesting) {
      errors.error(at(expr.text), "nested more than " + llvm::Twine(MaxNesting) + " deep");
      return --nesting, std::nullopt;
    }
    std::optional<ExprId> right =
        binary(found->precedence + (found->op == Operator::Default ? 0 : 1));
    --nesting;
    if (!right)
      return std::nullopt;
    expr.operands = {*left, *right};
    left = add(std::move(expr));
    if (left && found->precedence == ComparisonPrecedence && lineGoesOn())
      for (const OperatorFacts &facts : Operators)
        if (facts.precedence == ComparisonPrecedence && sees(facts.spelling)) {
          errors.error(at(peek().text), "comparisons cannot be chained");
          errors.note("write a < b && b < c");
          return std::nullopt;
        }
  }
  return left;
}

std::optional<ExprId> Parser::unary() {
  if (!sees("-") && !sees("!"))
    return primary();
  Expr expr = {ExprKind::Unary};
  expr.op = sees("-") ? Operator::Negate : Operator::Not;
  expr.text = tokens[next++].text;
  if (++nesting > MaxNesting) {
    errors.error(at(expr.text), "nested more than " + llvm::Twine(MaxNesting) + " deep");
    return --nesting, std::nullopt;
  }
  std::optional<ExprId> operand = unary();
  --nesting;
  if (!operand)
    return std::nullopt;
  expr.operands = {*operand};
  return add(std::move(expr));
}

std::optional<ExprId> Parser::number() {
  const Token &token = tokens[next++];
  Expr expr = {token.kind == TokenKind::Integer ? ExprKind::Integer : ExprKind::Real};
  expr.text = token.text;
  bool bad = token.kind == TokenKind::Integer ? token.text.getAsInteger(10, expr.integer)
                                              : token.text.getAsDouble(expr.real);
  if (bad || !std::isfinite(expr.real)) {
    errors.error(at(token.text), "the number " + token.text + " does not fit into 64 bits");
    return std::nullopt;
  }
  return add(std::move(expr));
}

// LIST[NUMBER] or VALUE[BEGIN..END]
std::optional<ExprId> Parser::subscript(ExprId base) {
  Expr expr = {ExprKind::Index};
  expr.text = peek().text;
  expr.operands = {base};
  bool good = brackets("[", "]", [&] {
    for (bool more = true; more; more = expr.operands.size() == 2 && take("..")) {
      std::optional<ExprId> bound = expression();
      if (!bound)
        return false;
      expr.operands.push_back(*bound);
    }
    return !sees(",") || unexpected("']' after this");
  });
  if (expr.operands.size() == 3)
    expr.kind = ExprKind::Slice;
  return good ? add(std::move(expr)) : std::nullopt;
}

std::optional<ExprId> Parser::primary() {
  std::optional<ExprId> parsed = simple();
  while (parsed && lineGoesOn() && sees("["))
    parsed = subscript(*parsed);
  return parsed;
}

std::optional<ExprId> Parser::simple() {
  const Token &token = peek();
  if (token.kind == TokenKind::Integer || token.kind == TokenKind::Real)
    return number();
  if (token.kind == TokenKind::String) {
    Expr expr = {ExprKind::String};
    expr.text = tokens[next++].text;
    return add(std::move(expr));
  }
  if (take("(")) {
    ++openBrackets;
    std::optional<ExprId> inner = expression();
    if (!inner)
      return std::nullopt;
    --openBrackets;
    return expect(")", "") ? inner : std::nullopt;
  }
  if (token.kind != TokenKind::Name)
    return unexpected("a value"), std::nullopt;

  ++next;
  if (token.is("config")) {
    Expr expr = {ExprKind::Key};
    if (!expect(".", " and a key of config.json"))
      return std::nullopt;
    if ((expr.text = name("a key of config.json")).empty())
      return std::nullopt;
    return add(std::move(expr));
  }
  if (lineGoesOn() && sees("("))
    return call(token.text);
  Expr expr = {token.is("null")                        ? ExprKind::Null
               : token.is("true") || token.is("false") ? ExprKind::Bool
                                                       : ExprKind::Name};
  expr.text = token.text;
  if (expr.kind == ExprKind::Name)
    for (llvm::StringRef word : {"if", "then", "else", "in", "return"})
      if (token.is(word)) {
        --next;
        return unexpected("a value"), std::nullopt;
      }
  return add(std::move(expr));
}

std::optional<ExprId> Parser::call(llvm::StringRef function) {
  Expr expr = {ExprKind::Call};
  expr.text = function;
  bool good = brackets("(", ")", [&] {
    bool isNamed = peek().kind == TokenKind::Name && tokens[next + 1].is("=");
    if (!isNamed && !expr.named.empty())
      return unexpected("NAME = VALUE after other named arguments");
    llvm::StringRef argument;
    if (isNamed) {
      argument = peek().text;
      next += 2;
    }
    std::optional<ExprId> value = expression();
    if (value && isNamed)
      expr.named.push_back({argument, *value});
    else if (value)
      expr.operands.push_back(*value);
    return value.has_value();
  });
  return good ? add(std::move(expr)) : std::nullopt;
}

} // namespace ashlar::spec
