#include "compiler/machine/ProfileText.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/YAMLTraits.h"

namespace ashlar::profile {
namespace {

/// What the traits need besides the text: the reader that knows the present place, and the keys of
/// the mapping that was read last, among which an unknown one is a slip.
struct Context {
  Diagnostics &diags;
  llvm::StringRef text, file;
  llvm::yaml::Input *input = nullptr;
  llvm::ArrayRef<llvm::StringRef> keys = {};
  bool failed = false;

  llvm::SMLoc place() const {
    const llvm::yaml::Node *node = input->getCurrentNode();
    return node ? node->getSourceRange().Start : llvm::SMLoc();
  }
};

/// A key of a mapping and the member that takes its value.
template <class T, class Value> struct Field {
  const char *key;
  Value T::*member;
};
template <class T, class Value> Field(const char *, Value T::*) -> Field<T, Value>;

} // namespace
} // namespace ashlar::profile

using namespace ashlar::profile;

LLVM_YAML_IS_SEQUENCE_VECTOR(Scalar)
LLVM_YAML_IS_SEQUENCE_VECTOR(Rate)
LLVM_YAML_IS_SEQUENCE_VECTOR(Memory)
LLVM_YAML_IS_SEQUENCE_VECTOR(Processor)
LLVM_YAML_IS_SEQUENCE_VECTOR(Link)
LLVM_YAML_IS_SEQUENCE_VECTOR(Limit)
LLVM_YAML_IS_SEQUENCE_VECTOR(Disk)

namespace llvm::yaml {

template <> struct ScalarTraits<Scalar> {
  static StringRef input(StringRef text, void *context, Scalar &scalar) {
    scalar = {text.str(), static_cast<Context *>(context)->place()};
    return {};
  }
  static void output(const Scalar &scalar, void *, raw_ostream &out) { out << scalar.text; }
  static QuotingType mustQuote(StringRef text) { return needsQuotes(text); }
};

/// No key is required here: a missing one is reported after all that are misspelt.
template <class T, class... Value>
static void mapFields(IO &io, T &value, Field<T, Value>... fields) {
  static const StringRef keys[] = {fields.key...};
  auto &context = *static_cast<Context *>(io.getContext());
  value.at = context.place();
  (io.mapOptional(fields.key, value.*fields.member), ...);
  context.keys = keys;
}

template <> struct MappingTraits<Rate> {
  static void mapping(IO &io, Rate &rate) {
    mapFields(io, rate, Field{"kernel", &Rate::kernel}, Field{"type", &Rate::type},
              Field{"provider", &Rate::provider}, Field{"within", &Rate::within},
              Field{"latency_ns", &Rate::latency}, Field{"read", &Rate::read},
              Field{"compute", &Rate::compute}, Field{"ahead", &Rate::ahead});
  }
};

template <> struct MappingTraits<Memory> {
  static void mapping(IO &io, Memory &memory) {
    mapFields(io, memory, Field{"name", &Memory::name}, Field{"capacity", &Memory::capacity});
  }
};

template <> struct MappingTraits<Processor> {
  static void mapping(IO &io, Processor &processor) {
    mapFields(io, processor, Field{"name", &Processor::name}, Field{"kind", &Processor::kind},
              Field{"memory", &Processor::memory}, Field{"threads", &Processor::threads},
              Field{"isa", &Processor::isa}, Field{"torch", &Processor::torch},
              Field{"rates", &Processor::rates});
  }
};

template <> struct MappingTraits<Link> {
  static void mapping(IO &io, Link &link) {
    mapFields(io, link, Field{"name", &Link::name}, Field{"from", &Link::from},
              Field{"to", &Link::to}, Field{"latency_ns", &Link::latency},
              Field{"rate", &Link::rate});
  }
};

template <> struct MappingTraits<Limit> {
  static void mapping(IO &io, Limit &limit) {
    mapFields(io, limit, Field{"name", &Limit::name}, Field{"links", &Limit::links},
              Field{"rate", &Limit::rate});
  }
};

template <> struct MappingTraits<Disk> {
  static void mapping(IO &io, Disk &disk) {
    mapFields(io, disk, Field{"name", &Disk::name}, Field{"path", &Disk::path},
              Field{"latency_ns", &Disk::latency}, Field{"rate", &Disk::rate});
  }
};

template <> struct MappingTraits<Text> {
  static void mapping(IO &io, Text &text) {
    mapFields(io, text, Field{"ashlar-machine", &Text::version}, Field{"name", &Text::name},
              Field{"memories", &Text::memories}, Field{"processors", &Text::processors},
              Field{"links", &Text::links}, Field{"limits", &Text::limits},
              Field{"disks", &Text::disks});
  }
};

} // namespace llvm::yaml

namespace ashlar::profile {
namespace {

/// LLVM's words in ours: in lower case, without a full stop, and with what was expected.
std::string inOurWords(llvm::StringRef message) {
  if (message == "not a mapping")
    return "expected keys and values here";
  if (message == "not a sequence")
    return "expected a list here";
  if (message == "unexpected scalar")
    return "expected one value here";
  if (message == "unknown node kind")
    return "aliases are not read here";
  message = message.rtrim(".!");
  std::string text = message.str();
  if (!text.empty())
    text[0] = llvm::toLower(text[0]);
  return text;
}

/// LLVM gives what is empty, and an alias, the place of what comes next: back to the end of what
/// stands before.
llvm::SMLoc stepBack(llvm::SMLoc at, llvm::StringRef text) {
  const char *p = at.getPointer();
  if (p <= text.begin() || p > text.end())
    return at;
  do
    p--;
  while (p > text.begin() && llvm::isSpace(*p));
  return llvm::SMLoc::getFromPointer(p);
}

void report(const llvm::SMDiagnostic &diagnostic, void *opaque) {
  auto &context = *static_cast<Context *>(opaque);
  // What follows the first error is mostly its echo.
  if (context.failed)
    return;
  context.failed = true;
  std::string message = inOurWords(diagnostic.getMessage());
  llvm::SMLoc at = diagnostic.getLoc();
  // Without an input this comes from its constructor, which reads ahead.
  const llvm::yaml::Node *node = context.input ? context.input->getCurrentNode() : nullptr;
  if (diagnostic.getMessage() == "unknown node kind" ||
      (node && llvm::isa<llvm::yaml::NullNode>(node)))
    at = stepBack(at, context.text);
  if (at.isValid())
    context.diags.error(Exit::BadInput, at, message);
  else
    context.diags.error(Exit::BadInput, context.file, message);

  llvm::StringRef key = message;
  if (key.consume_front("unknown key '") && key.consume_back("'")) {
    llvm::StringRef near = nearest(key, context.keys);
    if (!near.empty())
      context.diags.note("did you mean '" + near + "'?");
    else
      context.diags.note("the keys here are " + llvm::join(context.keys, ", "));
  }
}

/// LLVM's parser calls itself for each level of nesting. Every level needs one of these characters,
/// so their number bounds its depth; a real profile has a few hundred.
bool isTooDeep(llvm::StringRef text) {
  constexpr size_t MaxOpened = 16384;
  size_t opened = 0;
  for (char c : text)
    opened += llvm::StringRef("[{-?:").contains(c);
  return opened > MaxOpened;
}

} // namespace

std::optional<Text> parse(llvm::StringRef text, llvm::StringRef file, Diagnostics &diags) {
  if (isTooDeep(text)) {
    diags.error(Exit::BadInput, file, "more lists and keys than a machine profile has");
    return std::nullopt;
  }
  Context context{diags, text, file};
  llvm::yaml::Input input(llvm::MemoryBufferRef(text, file), &context, report, &context);
  if (context.failed)
    return std::nullopt;
  context.input = &input;

  Text result;
  input >> result;
  if (input.error() && !context.failed)
    diags.error(Exit::BadInput, file, "this is not YAML");
  if (context.failed || input.error())
    return std::nullopt;
  if (!result.at.isValid()) {
    diags.error(Exit::BadInput, file, "the profile is empty");
    return std::nullopt;
  }
  if (input.nextDocument()) {
    diags.error(Exit::BadInput, file, "more than one document; a profile is one");
    return std::nullopt;
  }
  return result;
}

} // namespace ashlar::profile
