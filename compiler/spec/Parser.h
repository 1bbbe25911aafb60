/// The grammar, by recursive descent. specs/README.md states it for people.
#pragma once

#include "compiler/spec/Lexer.h"
#include "compiler/spec/Syntax.h"

#include <optional>
#include <utility>

namespace ashlar::spec {

/// One parser reads one text. After an error it goes on at the next statement.
class Parser {
public:
  Parser(llvm::StringRef text, Errors &errors) : errors(errors), tokens(lex(text, errors)) {}

  File file();
  /// Only up to the list of model types, for looking a spec up.
  bool head(File &file);

private:
  const Token &peek() const { return tokens[next]; }
  bool sees(llvm::StringRef word) const { return peek().is(word); }
  bool take(llvm::StringRef word);
  bool expect(llvm::StringRef word, const llvm::Twine &why);
  bool unexpected(const llvm::Twine &wanted);

  // Names and strings: empty after an error. `given` is a name that the spec gives to something.
  llvm::StringRef name(const llvm::Twine &what);
  llvm::StringRef given(const llvm::Twine &what);
  llvm::StringRef string(const llvm::Twine &what);
  llvm::StringRef className();

  template <class Statement> bool braces(llvm::StringRef of, Statement statement);
  void recover(size_t start);
  bool topLevel(File &file);
  bool setting(File &file);
  std::optional<Setting> setting(bool required, const llvm::Twine &wanted);

  // ParseItems.cpp.
  std::optional<Item> item();
  std::optional<RopeItem> rope();
  bool shape(llvm::SmallVector<ExprId, 2> &sizes);
  std::optional<InputItem> input();
  std::optional<WeightItem> weight();
  std::optional<BufferItem> buffer();
  std::optional<BlockItem> block();
  bool statement(BlockItem &block);
  std::optional<IgnoreItem> ignore();
  std::optional<ScopeItem> scope(bool loop);
  bool repeated(ScopeItem &item);
  std::optional<IfItem> conditionalItems();
  bool items(llvm::StringRef of, std::vector<Item> &items);
  bool each(Loop &loop);

  // Expressions; ParseExpression.cpp.
  std::optional<ExprId> expression();
  std::optional<ExprId> conditional();
  std::optional<ExprId> binary(unsigned lowest);
  std::optional<ExprId> unary();
  std::optional<ExprId> primary();
  std::optional<ExprId> simple();
  std::optional<ExprId> number();
  std::optional<ExprId> call(llvm::StringRef function);
  std::optional<ExprId> subscript(ExprId base);
  template <class Element>
  bool brackets(llvm::StringRef open, llvm::StringRef close, Element element);
  std::optional<ExprId> add(Expr expr);
  bool lineGoesOn() const { return openBrackets > 0 || !peek().firstOnLine; }

  Errors &errors;
  std::vector<Token> tokens;
  std::vector<Expr> exprs;
  size_t next = 0;
  unsigned openBrackets = 0; // a newline within ( ) or [ ] ends nothing
  unsigned nesting = 0;
  bool endReported = false; // one missing brace is one mistake, however many stay open
};

/// `( ELEMENT, … )` with `next` at the opening bracket; at least one element.
template <class Element>
bool Parser::brackets(llvm::StringRef open, llvm::StringRef close, Element element) {
  if (!expect(open, ""))
    return false;
  ++openBrackets;
  do
    if (!element())
      return false;
  while (take(","));
  --openBrackets;
  return expect(close, " after this, or ','");
}

/// `{ STATEMENT … }`: each ends with its line, with ';' or with the closing brace.
template <class Statement> bool Parser::braces(llvm::StringRef of, Statement statement) {
  llvm::StringRef opening = peek().text;
  if (!expect("{", ""))
    return false;
  if (++nesting > MaxNesting) {
    errors.error(at(opening), "more than " + llvm::Twine(MaxNesting) + " braces are open here");
    return --nesting, false;
  }
  while (!take("}")) {
    if (peek().kind == TokenKind::End) {
      if (!std::exchange(endReported, true)) {
        unexpected("'}'");
        errors.note(at(opening), "to match this '{' of " + of);
      }
      return --nesting, false;
    }
    if (take(";"))
      continue;
    size_t start = next;
    if (!statement())
      recover(start);
    else if (!sees(";") && !sees("}") && !peek().firstOnLine && peek().kind != TokenKind::End) {
      unexpected("a new line or ';'");
      recover(start);
    }
  }
  return --nesting, true;
}

} // namespace ashlar::spec
