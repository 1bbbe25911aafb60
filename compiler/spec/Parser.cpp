#include "compiler/spec/Parser.h"

#include "compiler/spec/Spec.h"
#include "compiler/spec/Words.h"

#include <utility>

namespace ashlar {

namespace spec {

bool Parser::take(llvm::StringRef word) {
  if (!sees(word))
    return false;
  ++next;
  return true;
}

bool Parser::unexpected(const llvm::Twine &wanted) {
  const Token &found = peek();
  std::string what;
  if (found.kind == TokenKind::End)
    what = "the end of the file";
  else if (found.kind == TokenKind::String)
    what = "the string \"" + found.text.str() + "\"";
  else
    what = "'" + found.text.str() + "'";
  errors.error(at(found.text), "expected " + wanted + ", found " + what);
  return false;
}

bool Parser::expect(llvm::StringRef word, const llvm::Twine &why) {
  return take(word) || unexpected("'" + word + "'" + why);
}

llvm::StringRef Parser::name(const llvm::Twine &what) {
  if (peek().kind != TokenKind::Name)
    return unexpected(what), "";
  return tokens[next++].text;
}

llvm::StringRef Parser::given(const llvm::Twine &what) {
  llvm::StringRef text = name(what);
  if (std::string why = unfit(text); !text.empty() && !why.empty()) {
    errors.error(at(text), "'" + text + "' " + why);
    errors.note("choose another name");
  }
  return text;
}

llvm::StringRef Parser::string(const llvm::Twine &what) {
  if (peek().kind != TokenKind::String)
    return unexpected(what), "";
  llvm::StringRef text = tokens[next].text;
  if (text.empty())
    return errors.error(at(text), "expected " + what + ", found an empty string"), ++next, "";
  ++next;
  return text;
}

// Goes on at the next statement of the same braces. The token at which the mistake was found may
// begin it, but not the one at which the broken statement began.
void Parser::recover(size_t start) {
  openBrackets = 0;
  if (next == start && !sees("}") && peek().kind != TokenKind::End)
    ++next;
  unsigned open = 0;
  for (; peek().kind != TokenKind::End; ++next) {
    bool opens = sees("{"), ends = sees("}") || sees(";") || peek().firstOnLine;
    if (open == 0 && ends && !opens)
      return;
    if (opens)
      ++open;
    else if (sees("}"))
      --open;
  }
}

// `{ STATEMENT … }`: each ends with its line, with ';' or with the closing brace.
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

bool Parser::head(File &file) {
  if (!expect("model", " at the start of a spec"))
    return false;
  if ((file.name = given("the spec's name")).empty())
    return false;
  return expect("for", " and a list of model types") && brackets("[", "]", [&] {
           file.modelTypes.push_back(string("a model type as in config.json: \"llama\""));
           return !file.modelTypes.back().empty();
         });
}

File Parser::file() {
  File file;
  if (head(file) && braces("the model", [&] { return topLevel(file); }) &&
      peek().kind != TokenKind::End)
    unexpected("nothing after the model");
  file.exprs = std::move(exprs);
  return file;
}

bool Parser::topLevel(File &file) {
  if (sees("config")) {
    if (!file.settings.empty() || !file.items.empty() || file.context)
      return errors.error(at(peek().text), "config { } stands once, before everything else"), false;
    ++next;
    return braces("config", [&] { return setting(file.settings); });
  }
  if (sees("context")) {
    if (file.context)
      return errors.error(at(peek().text), "the context is given twice"), false;
    ++next;
    file.context = expression();
    return file.context.has_value();
  }
  std::optional<Item> parsed = item();
  if (parsed)
    file.items.push_back(std::move(*parsed));
  return parsed.has_value();
}

bool Parser::setting(std::vector<Setting> &settings) {
  llvm::StringRef text;
  if (!take("require")) {
    text = given("a name and '=', or 'require'");
    if (text.empty() || !expect("=", ""))
      return false;
  }
  std::optional<ExprId> value = expression();
  if (value)
    settings.push_back({text, *value});
  return value.has_value();
}

std::optional<Item> Parser::item() {
  auto wrap = [](auto parsed) -> std::optional<Item> {
    if (!parsed)
      return std::nullopt;
    return Item{std::move(*parsed)};
  };
  if (take("rope"))
    return wrap(rope());
  if (take("weight"))
    return wrap(weight());
  if (take("block"))
    return wrap(block());
  if (take("ignore"))
    return wrap(ignore());
  if (take("module"))
    return wrap(scope(/*loop=*/false));
  if (take("each"))
    return wrap(scope(/*loop=*/true));
  unexpected("'weight', 'block', 'module', 'each', 'rope', 'context' or 'ignore'");
  if (llvm::StringRef near = nearest(peek().text, {"weight", "block", "module", "each", "rope",
                                                   "config", "context", "ignore"});
      !near.empty() && near != peek().text)
    errors.note("did you mean '" + near + "'?");
  return std::nullopt;
}

std::optional<RopeItem> Parser::rope() {
  RopeItem item;
  if ((item.name = given("the rope's name")).empty())
    return std::nullopt;
  bool good = brackets("(", ")", [&] {
    llvm::StringRef argument = name("'dims = …'");
    if (argument.empty() || !expect("=", ""))
      return false;
    std::optional<ExprId> value = expression();
    if (value)
      item.arguments.push_back({argument, *value});
    return value.has_value();
  });
  return good ? std::optional(item) : std::nullopt;
}

std::optional<WeightItem> Parser::weight() {
  WeightItem item;
  if ((item.name = given("the weight's name")).empty())
    return std::nullopt;
  bool good = brackets("[", "]", [&] {
    std::optional<ExprId> size = expression();
    if (size)
      item.shape.push_back(*size);
    return size.has_value();
  });
  if (!good || !expect("=", " and the tensor's name"))
    return std::nullopt;
  if ((item.tensor = string("the tensor's name in quotes")).empty())
    return std::nullopt;
  while (lineGoesOn()) {
    llvm::StringRef clause = peek().text;
    std::optional<ExprId> *into = nullptr;
    if (take("bias")) {
      into = &item.bias;
    } else if (take("if")) {
      into = &item.presentIf;
    } else if (take("tied")) {
      if (!item.tiedTo.empty())
        return errors.error(at(clause), "'tied' is given twice"), std::nullopt;
      if (!expect("to", " and a weight's name") ||
          (item.tiedTo = name("the name of a weight")).empty())
        return std::nullopt;
      if (!take("if"))
        continue;
      into = &item.tiedIf;
    } else {
      break;
    }
    if (*into)
      return errors.error(at(clause), "'" + clause + "' is given twice"), std::nullopt;
    if (!(*into = expression()))
      return std::nullopt;
  }
  return item;
}

std::optional<BlockItem> Parser::block() {
  BlockItem item;
  if ((item.name = given("the block's name")).empty())
    return std::nullopt;
  bool good = brackets("(", ")", [&] {
    item.inputs.push_back(given("the name of a stream that the block reads"));
    return !item.inputs.back().empty();
  });
  if (!good || !expect("->", " and the stream that the block writes"))
    return std::nullopt;
  if ((item.output = given("the name of a stream")).empty())
    return std::nullopt;
  llvm::StringRef opening = peek().text;
  if (!braces("the block", [&] { return statement(item); }))
    return std::nullopt;
  for (size_t i = 0; i + 1 < item.statements.size(); ++i)
    if (item.statements[i].name.empty()) {
      errors.error(at(exprs[uint32_t(item.statements[i + 1].value)].text),
                   "a block ends with its return, but statements follow it");
      return item;
    }
  if ((item.statements.empty() || !item.statements.back().name.empty()) && !errors.any())
    errors.error(at(opening), "block " + item.name + " returns nothing");
  return item;
}

bool Parser::statement(BlockItem &block) {
  llvm::StringRef text;
  if (!take("return")) {
    text = given("a name and '=', or 'return'");
    if (text.empty() || !expect("=", ""))
      return false;
  }
  std::optional<ExprId> value = expression();
  if (value)
    block.statements.push_back({text, *value});
  return value.has_value();
}

std::optional<IgnoreItem> Parser::ignore() {
  IgnoreItem item;
  if ((item.pattern = string("a pattern of tensor names in quotes")).empty())
    return std::nullopt;
  return item;
}

bool Parser::each(Loop &loop) {
  if ((loop.word = given("what is repeated: 'each layer i in 0..L'")).empty())
    return false;
  if ((loop.variable = given("the name of the number: 'each layer i in 0..L'")).empty())
    return false;
  if (!expect("in", " and a range"))
    return false;
  std::optional<ExprId> begin = expression();
  if (!begin || !expect("..", " and the end of the range"))
    return false;
  std::optional<ExprId> end = expression();
  if (!end)
    return false;
  loop.begin = *begin;
  loop.end = *end;
  return true;
}

std::optional<ScopeItem> Parser::scope(bool loop) {
  ScopeItem item;
  if (loop && !each(item.loop.emplace()))
    return std::nullopt;
  if ((item.path = string("the module's path in quotes")).empty())
    return std::nullopt;
  if (take(":") && (item.className = name("the module's class")).empty())
    return std::nullopt;
  item.noSplit = take("nosplit");
  bool good = braces(loop ? "each" : "module", [&] {
    std::optional<Item> parsed = this->item();
    if (parsed)
      item.items.push_back(std::move(*parsed));
    return parsed.has_value();
  });
  return good ? std::optional(std::move(item)) : std::nullopt;
}

} // namespace spec

std::optional<spec::File> parseSpec(llvm::StringRef text, Diagnostics &diags) {
  Errors errors(diags);
  constexpr size_t Limit = 1 << 20;
  if (text.size() > Limit) {
    errors.error(spec::at(text), "a spec of " + llvm::Twine(text.size()) + " bytes; at most " +
                                     llvm::Twine(Limit) + " are read");
    return std::nullopt;
  }
  spec::File file = spec::Parser(text, errors).file();
  if (errors.any())
    return std::nullopt;
  return file;
}

} // namespace ashlar
