#include "compiler/spec/Parser.h"

#include "compiler/spec/Spec.h"
#include "compiler/spec/Words.h"

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

llvm::StringRef Parser::className() {
  return peek().kind == TokenKind::String ? string("a class") : name("a class");
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
  if (!head(file) || (take(":") && (file.className = className()).empty()))
    return file;
  if (braces("the model", [&] { return topLevel(file); }) && peek().kind != TokenKind::End)
    unexpected("nothing after the model");
  file.exprs = std::move(exprs);
  return file;
}

bool Parser::topLevel(File &file) {
  if (sees("config")) {
    if (!file.settings.empty() || !file.items.empty() || file.context)
      return errors.error(at(peek().text), "config { } stands once, before everything else"), false;
    ++next;
    return braces("config", [&] { return setting(file); });
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

bool Parser::setting(File &file) {
  if (take("ignore")) {
    do
      file.harmless.push_back(string("a config key in quotes"));
    while (!file.harmless.back().empty() && take(","));
    return !file.harmless.back().empty();
  }
  std::optional<Setting> parsed = setting(take("require"), "a name and '=', 'require' or 'ignore'");
  if (parsed)
    file.settings.push_back(*parsed);
  return parsed.has_value();
}

std::optional<Setting> Parser::setting(bool required, const llvm::Twine &wanted) {
  Setting setting = {};
  if (!required && ((setting.name = given(wanted)).empty() || !expect("=", "")))
    return std::nullopt;
  std::optional<ExprId> value = expression();
  if (!value)
    return std::nullopt;
  setting.value = *value;
  return setting;
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
