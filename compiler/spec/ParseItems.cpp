// The statements of a spec, one function each.

#include "compiler/spec/Parser.h"

namespace ashlar::spec {

std::optional<Item> Parser::item() {
  auto wrap = [](auto parsed) -> std::optional<Item> {
    if (!parsed)
      return std::nullopt;
    return Item{std::move(*parsed)};
  };
  if (take("let"))
    return wrap(setting(false, "a name and '='"));
  if (take("require"))
    return wrap(setting(true, ""));
  if (take("rope"))
    return wrap(rope());
  if (take("input"))
    return wrap(input());
  if (take("weight"))
    return wrap(weight());
  if (take("buffer"))
    return wrap(buffer());
  if (take("block"))
    return wrap(block());
  if (take("ignore"))
    return wrap(ignore());
  if (take("module"))
    return wrap(scope(/*loop=*/false));
  if (take("each"))
    return wrap(scope(/*loop=*/true));
  if (take("if"))
    return wrap(conditionalItems());
  unexpected("'weight', 'block', 'module', 'each', 'if', 'input', 'rope', 'buffer', 'let', "
             "'require', 'context' or 'ignore'");
  if (llvm::StringRef near =
          nearest(peek().text, {"weight", "block", "module", "each", "input", "rope", "buffer",
                                "let", "require", "config", "context", "ignore"});
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

bool Parser::shape(llvm::SmallVector<ExprId, 2> &sizes) {
  return brackets("[", "]", [&] {
    std::optional<ExprId> size = expression();
    if (size)
      sizes.push_back(*size);
    return size.has_value();
  });
}

std::optional<InputItem> Parser::input() {
  InputItem item;
  if ((item.name = given("the input's name")).empty() || !shape(item.shape))
    return std::nullopt;
  return item;
}

std::optional<WeightItem> Parser::weight() {
  WeightItem item;
  if ((item.name = given("the weight's name")).empty())
    return std::nullopt;
  if (!shape(item.shape) || !expect("=", " and the tensor's name"))
    return std::nullopt;
  if ((item.tensor = string("the tensor's name in quotes")).empty())
    return std::nullopt;
  if (take(":") && (item.className = className()).empty())
    return std::nullopt;
  item.transposed = take("transposed");
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

std::optional<BufferItem> Parser::buffer() {
  BufferItem item;
  if ((item.tensor = string("the buffer's name in quotes")).empty() || !shape(item.shape))
    return std::nullopt;
  if ((item.type = name("the buffer's type: float32")).empty())
    return std::nullopt;
  item.persistent = take("persistent");
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
  item.isNew = take("new");
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
  if (loop && sees("{"))
    return repeated(item) ? std::optional(std::move(item)) : std::nullopt;
  if ((item.path = string("the module's path in quotes")).empty())
    return std::nullopt;
  while (!loop && take("or")) {
    if (peek().kind != TokenKind::String)
      return unexpected("another path in quotes, or \"\""), std::nullopt;
    item.others.push_back(tokens[next++].text);
  }
  if (take(":") && (item.className = className()).empty())
    return std::nullopt;
  item.noSplit = take("nosplit");
  if (!loop && !sees("{"))
    return item;
  return (loop ? repeated(item) : items("module", item.items)) ? std::optional(std::move(item))
                                                               : std::nullopt;
}

bool Parser::repeated(ScopeItem &item) {
  if (!items("each", item.items))
    return false;
  item.loop->length = tokens[next - 1].text.end() - item.loop->variable.begin();
  return true;
}

bool Parser::items(llvm::StringRef of, std::vector<Item> &items) {
  return braces(of, [&] {
    std::optional<Item> parsed = item();
    if (parsed)
      items.push_back(std::move(*parsed));
    return parsed.has_value();
  });
}

std::optional<IfItem> Parser::conditionalItems() {
  IfItem item;
  std::optional<ExprId> condition = expression();
  if (!condition || !items("if", item.then) || (take("else") && !items("else", item.otherwise)))
    return std::nullopt;
  item.condition = *condition;
  return item;
}

} // namespace ashlar::spec
