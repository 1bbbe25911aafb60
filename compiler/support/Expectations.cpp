#include "compiler/support/Expectations.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

namespace ashlar {

namespace {
struct Expectation {
  Message message; // with line 0 for @unknown
  unsigned writtenAt = 0;
  unsigned buffer = 0;
  const char *place = nullptr;
  bool met = false;
};
} // namespace

/// Reads what follows `expected-`; nothing when it is no expectation.
static std::optional<Expectation> parse(llvm::StringRef text, llvm::StringRef file, unsigned line) {
  Expectation result;
  result.message.file = file.str();
  result.message.line = result.writtenAt = line;
  bool known = false;
  for (Severity severity : {Severity::Error, Severity::Warning, Severity::Note})
    if (text.consume_front(name(severity))) {
      result.message.severity = severity;
      known = true;
      break;
    }
  if (!known)
    return std::nullopt;
  unsigned distance = 0;
  if (text.consume_front("@unknown"))
    result.message.line = 0;
  else if (text.consume_front("@+") && !text.consumeInteger(10, distance))
    result.message.line += distance;
  else if (text.consume_front("@-") && !text.consumeInteger(10, distance))
    result.message.line -= std::min(distance, line);
  text = text.ltrim();
  size_t end = text.find("}}");
  if (!text.consume_front("{{") || end == llvm::StringRef::npos)
    return std::nullopt;
  result.message.text = text.take_front(end - 2).str();
  return result;
}

static std::vector<Expectation> expectations(llvm::SourceMgr &sources) {
  static constexpr llvm::StringLiteral Word = "expected-";
  std::vector<Expectation> result;
  for (unsigned id = 1; id <= sources.getNumBuffers(); ++id) {
    const llvm::MemoryBuffer &buffer = *sources.getMemoryBuffer(id);
    llvm::StringRef rest = buffer.getBuffer();
    for (unsigned line = 1; !rest.empty(); ++line) {
      auto [text, next] = rest.split('\n');
      for (size_t at = text.find(Word); at != llvm::StringRef::npos; at = text.find(Word, at + 1))
        if (auto found = parse(text.substr(at + Word.size()), buffer.getBufferIdentifier(), line)) {
          found->buffer = id;
          found->place = text.data() + at;
          result.push_back(std::move(*found));
        }
      rest = next;
    }
  }
  return result;
}

/// Whether an expectation may be met by a message of this piece. Those of a divided file are for
/// their own piece, which tells apart what has no line.
static bool isFor(const Expectation &expectation, llvm::StringRef piece, unsigned divided) {
  return expectation.buffer != divided ||
         (expectation.place >= piece.begin() && expectation.place < piece.end());
}

bool meetsExpectations(Diagnostics &diags, llvm::raw_ostream &out) {
  std::vector<Expectation> expected = expectations(diags.sources());
  bool meets = true;
  for (const Message &message : diags.messages()) {
    unsigned divided =
        diags.sources().FindBufferContainingLoc(llvm::SMLoc::getFromPointer(message.piece.data()));
    auto matches = [&](const Expectation &e) {
      return !e.met && e.message.severity == message.severity && e.message.line == message.line &&
             (message.line == 0 || e.message.file == message.file) &&
             isFor(e, message.piece, divided) &&
             llvm::StringRef(message.text).contains(e.message.text);
    };
    auto found = llvm::find_if(expected, matches);
    if (found != expected.end()) {
      found->met = true;
    } else if (message.severity != Severity::Note) {
      out << (message.file.empty() ? "ashlar" : message.file);
      if (message.line)
        out << ':' << message.line;
      out << ": unexpected " << name(message.severity) << ": " << message.text << '\n';
      meets = false;
    }
  }
  for (const Expectation &e : expected)
    if (!e.met) {
      out << e.message.file << ':' << e.writtenAt << ": expected " << name(e.message.severity)
          << " did not come: " << e.message.text << '\n';
      meets = false;
    }
  return meets;
}

} // namespace ashlar
