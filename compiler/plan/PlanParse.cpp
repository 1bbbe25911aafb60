#include "compiler/plan/PlanParse.h"
#include "compiler/plan/PlanText.h"

#include "llvm/ADT/StringExtras.h"

using llvm::StringRef;

namespace ashlar::plan {
namespace {

/// A kind of line: the word that it begins with, the word that it belongs under, and whether there
/// must be exactly one. Sections stand in the order of this table.
struct Kind {
  StringRef word, under;
  bool once;
  void (Parser::*read)();
};
constexpr Kind kinds[] = {
    {"model", "", true, &Parser::model},          {"workload", "", true, &Parser::workload},
    {"machine", "", true, &Parser::machine},      {"memory", "", false, &Parser::memory},
    {"region", "memory", false, &Parser::region}, {"processor", "", false, &Parser::processor},
    {"frame", "", false, &Parser::frame},         {"value", "frame", false, &Parser::value},
    {"unit", "", false, &Parser::unit},           {"weight", "unit", false, &Parser::weight},
    {"shares", "unit", false, &Parser::shares},   {"slot", "unit", false, &Parser::slot},
    {"cache", "unit", false, &Parser::cache},     {"schedule", "", false, &Parser::schedule},
    {"read", "schedule", false, &Parser::read},   {"copy", "schedule", false, &Parser::copy},
    {"send", "schedule", false, &Parser::send},   {"run", "schedule", false, &Parser::run},
    {"predict", "", false, &Parser::predict},     {"end", "", true, &Parser::end},
};

} // namespace

/// The kind of the line at hand, or null after an error.
static const Kind *kindOf(LineScanner &line) {
  llvm::SmallVector<StringRef> words;
  for (const Kind &kind : kinds) {
    if (kind.word == line.word())
      return &kind;
    words.push_back(kind.word);
  }
  StringRef near = nearest(line.word(), words);
  line.error(line.wordAt(), "unknown word '" + line.word() + "'",
             near.empty() ? "known: " + llvm::join(words, ", ")
                          : "did you mean '" + near.str() + "'?");
  return nullptr;
}

/// Says no when the line may not stand behind the section that was begun last.
static void checkOrder(LineScanner &line, const Kind &kind, const Kind *section) {
  auto error = [&](const llvm::Twine &text) { line.error(line.wordAt(), text); };
  bool isSection = kind.under.empty();
  if (section && section->word == "end")
    return error("a line after the 'end' line");
  if (isSection && line.indented())
    return error("'" + kind.word + "' begins a section and is not indented");
  if (!isSection && !line.indented())
    return error("'" + kind.word + "' belongs under '" + kind.under + "', indented by two spaces");
  if (!isSection && (!section || section->word != kind.under))
    return error("'" + kind.word + "' stands outside of a '" + kind.under + "'");
  if (!isSection)
    return;
  if (section == &kind && kind.once)
    return error("a second '" + kind.word + "' line");
  if (section && &kind < section)
    return error("'" + kind.word + "' must stand before '" + section->word + "'");
  for (const Kind *skipped = section ? section + 1 : kinds; skipped < &kind; ++skipped)
    if (skipped->once)
      return error("expected '" + skipped->word + "' before '" + kind.word + "'");
}

bool Parser::parse() {
  header();
  const Kind *section = nullptr;
  while (line.next()) {
    const Kind *kind = kindOf(line);
    if (kind)
      checkOrder(line, *kind, section);
    if (line.failed())
      return false;
    if (kind->under.empty())
      section = kind;
    (this->*kind->read)();
  }
  if (!section || section->word != "end")
    line.error(line.endAt(), "plan ends before its 'end' line", "the file was cut");
  return !line.failed();
}

void Parser::header() {
  if (line.next() && line.text().rtrim() == Header)
    return;
  line.error(line.word().empty() ? line.endAt() : line.wordAt(),
             "expected '" + Header + "' in the first line",
             line.text().starts_with("ashlar plan ")
                 ? "this compiler reads version 1 of plan text"
                 : "plan text is made by 'ashlar plan MODEL --emit=plan'");
}

std::optional<Plan> parsePlan(StringRef text, Diagnostics &diags) {
  Parser parser(text, diags);
  if (!parser.parse())
    return std::nullopt;
  return std::move(parser.plan);
}

} // namespace ashlar::plan
