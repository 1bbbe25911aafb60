#include "runtime/app/Options.h"

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <iterator>

namespace ashlar {

namespace {
/// The models that a verb or an option is for.
enum class For : uint8_t { Any, Tokens, Rows, Torch };
struct Verb {
  const char *name;
  const char *help;
  For models;
};
constexpr Verb verbs[] = {
    {"generate", "continue a prompt (the default)", For::Tokens},
    {"logits", "logits of each token, float32 [tokens, vocabulary], as .npy", For::Tokens},
    {"perplexity", "how well the model foretells a text", For::Tokens},
    {"forward", "rows through the model, float32 [rows, columns], as .npy (the default)",
     For::Rows},
    {"bench", "measure, beside what the plan predicted", For::Any},
    {"plan", "print the plan", For::Any},
    {"check", "compare this machine with the plan; runs nothing", For::Any},
    {"verify", "compare each byte of the pack with its checksum, and results with plain C++'s",
     For::Any},
};

/// How an option takes its value: returns false when the text is not one.
using Take = bool (*)(AppOptions &options, const char *value);
struct Option {
  const char *names; // "-n", "--top-k", "-p --prompt"
  const char *value; // "N"; null: takes none
  const char *help;
  Take take;
  For models = For::Any;
};
} // namespace

template <class Integer> static bool number(const char *text, Integer &value) {
  if (*text < '0' || *text > '9')
    return false;
  char *end;
  errno = 0;
  unsigned long long wide = std::strtoull(text, &end, 10);
  value = Integer(wide);
  return *end == 0 && errno == 0 && value == wide;
}

static bool real(const char *text, float least, float most, float &value) {
  char *end;
  value = std::strtof(text, &end);
  return end != text && *end == 0 && std::isfinite(value) && value >= least && value <= most;
}

static bool idList(const char *text, std::vector<int32_t> &ids) {
  for (const char *p = text;; ++p) {
    char *end;
    if (*p < '0' || *p > '9')
      return false;
    errno = 0;
    unsigned long long id = std::strtoull(p, &end, 10);
    if (errno || id > INT32_MAX)
      return false;
    ids.push_back(int32_t(id));
    p = end;
    if (*p == 0)
      return true;
    if (*p != ',')
      return false;
  }
}

static bool outputForm(const char *text, OutputForm &form) {
  const char *names[] = {"text", "tokens", "json"}; // in the order of OutputForm
  for (size_t i = 0; i < std::size(names); ++i)
    if (!std::strcmp(text, names[i])) {
      form = OutputForm(i);
      return true;
    }
  return false;
}

static bool takeInput(AppOptions &options, const char *path) {
  options.input = path;
  return *path != 0;
}

static constexpr Option table[] = {
    {"-p --prompt", "TEXT", "the prompt; may repeat, up to the batch that the app was built for",
     [](AppOptions &o, const char *v) {
       o.prompts.push_back(v);
       return true;
     },
     For::Tokens},
    {"--tokens", "IDS", "the prompt as token ids: 1,2,3; may repeat as well",
     [](AppOptions &o, const char *v) { return idList(v, o.tokens.emplace_back()); }, For::Tokens},
    {"-n", "N", "tokens to generate at most, for each prompt (256)",
     [](AppOptions &o, const char *v) { return number(v, o.count); }, For::Tokens},
    {"--greedy", nullptr, "always the likeliest token (the default)",
     [](AppOptions &o, const char *) {
       o.sampling.temperature = 0;
       return true;
     },
     For::Tokens},
    {"--temperature", "T", "sample; 0 is greedy (0)",
     [](AppOptions &o, const char *v) { return real(v, 0, 100, o.sampling.temperature); },
     For::Tokens},
    {"--top-k", "K", "only the K likeliest tokens; 0 is all (0)",
     [](AppOptions &o, const char *v) { return number(v, o.sampling.topK); }, For::Tokens},
    {"--top-p", "P in (0, 1]", "only the likeliest tokens that make up P together (1)",
     [](AppOptions &o, const char *v) {
       return real(v, 0, 1, o.sampling.topP) && o.sampling.topP > 0;
     },
     For::Tokens},
    {"--min-p", "P in [0, 1]", "only tokens with P times the likeliest one's probability (0)",
     [](AppOptions &o, const char *v) { return real(v, 0, 1, o.sampling.minP); }, For::Tokens},
    {"--repetition-penalty", "R",
     "above 1: fewer of the tokens that were there already; 0.01 to 100 (1)",
     [](AppOptions &o, const char *v) { return real(v, 0.01f, 100, o.sampling.repetitionPenalty); },
     For::Tokens},
    {"--seed", "S", "of the random numbers; of the second prompt's it is S + 1, and so on (0)",
     [](AppOptions &o, const char *v) { return number(v, o.sampling.seed); }, For::Tokens},
    {"--ignore-eos", nullptr, "go on behind the end of the text",
     [](AppOptions &o, const char *) { return o.ignoreEnd = true; }, For::Tokens},
    {"--stop", "TEXT", "end before this text; may repeat",
     [](AppOptions &o, const char *v) {
       o.stops.push_back(v);
       return true;
     },
     For::Tokens},
    {"--output", "text|tokens|json", "what generate prints; json: at the end (text)",
     [](AppOptions &o, const char *v) { return outputForm(v, o.form); }, For::Tokens},
    {"--input", "FILE", "the rows, a .npy file", takeInput, For::Rows},
    {"--input", "FILE", "the text of perplexity; - is standard input", takeInput, For::Tokens},
    {"-o", "FILE", "where logits or rows go (standard output)",
     [](AppOptions &o, const char *v) {
       o.output = v;
       return *v != 0;
     }},
    {"--json", nullptr, "bench, perplexity, plan, check and verify: print JSON",
     [](AppOptions &o, const char *) { return o.json = true; }},
    {"--weights", "FILE", "the pack, where it is not in or beside the executable",
     [](AppOptions &o, const char *v) {
       o.weights = v;
       return *v != 0;
     }},
    {"--torch-library", "FILE",
     "the module for LibTorch (ASHLAR_TORCH_LIBRARY, or beside the executable)",
     [](AppOptions &o, const char *v) {
       o.torchModule = v;
       return *v != 0;
     },
     For::Torch},
    {"--version", nullptr, "what this was built from",
     [](AppOptions &o, const char *) { return o.version = true; }},
    {"-h --help", nullptr, "this text", [](AppOptions &o, const char *) { return o.help = true; }},
};

/// Whether `text` is one of the blank-separated `names`.
static bool isOneOf(const char *names, const std::string &text) {
  return (" " + std::string(names) + " ").find(" " + text + " ") != std::string::npos;
}

Failure parseOptions(int argc, char **argv, AppOptions &options) {
  int at = 1;
  if (at < argc && argv[at][0] != '-') {
    options.verb = argv[at++];
    bool known = false;
    for (const Verb &verb : verbs)
      known |= options.verb == verb.name;
    if (!known)
      return {ExitCode::BadInput, "unknown verb '" + options.verb + "'", "--help lists them"};
  }
  for (; at < argc; ++at) {
    std::string name = argv[at];
    const char *attached = nullptr; // --name=value
    if (size_t equals = name.find('='); equals != std::string::npos && name[1] == '-') {
      attached = argv[at] + equals + 1;
      name.resize(equals);
    }
    const Option *option = nullptr;
    for (const Option &candidate : table)
      if (name.find(' ') == std::string::npos && isOneOf(candidate.names, name))
        option = &candidate;
    if (!option && argv[at][0] != '-')
      return {ExitCode::BadInput, "unexpected argument '" + name + "'",
              "a prompt is named with -p TEXT"};
    if (!option)
      return {ExitCode::BadInput, "unknown option '" + name + "'", "--help lists them"};
    const char *value = attached;
    if (!option->value && attached)
      return {ExitCode::BadInput, name + " takes no value", "--help lists the options"};
    if (option->value && !value) {
      if (++at == argc)
        return {ExitCode::BadInput, name + " needs a value: " + option->value,
                "--help lists the options"};
      value = argv[at];
    }
    if (!option->take(options, value))
      return {ExitCode::BadInput,
              name + ": '" + value + "' is not understood; it takes " + option->value,
              "--help lists the options"};
  }
  return {};
}

Failure hasVerb(const ModelInfo &model, const std::string &name) {
  bool rows = model.forward;
  for (const Verb &verb : verbs)
    if (name == verb.name && verb.models == (rows ? For::Tokens : For::Rows))
      return {ExitCode::BadInput,
              rows ? "this model reads rows, not tokens: it has no " + name
                   : "this model reads tokens, not rows: it has no " + name,
              rows ? "run forward --input x.npy -o y.npy"
                   : "run generate -p TEXT, or logits -p TEXT -o out.npy"};
  return {};
}

std::string helpText(const char *program, const ModelInfo &model) {
  std::string text = "usage: " + std::string(program) + " [VERB] [OPTIONS]\n\nverbs:\n";
  auto row = [&](std::string left, const char *right) {
    left.resize(left.size() < 28 ? 28 : left.size() + 2, ' ');
    text += "  " + left + right + "\n";
  };
  auto isFor = [&](For models) {
    return models == For::Torch ? model.torch : models != (model.forward ? For::Tokens : For::Rows);
  };
  for (const Verb &verb : verbs)
    if (isFor(verb.models))
      row(verb.name, verb.help);
  text += "\noptions:\n";
  for (const Option &option : table)
    if (isFor(option.models))
      row(std::string(option.names) + (option.value ? std::string(" ") + option.value : ""),
          option.help);
  text += "\nexit codes: 0 done, 1 wrong use or input, 2 does not fit, 4 input/output";
  return text + (model.forward ? "\n" : ",\n  130 and 143: ended by SIGINT or SIGTERM\n");
}

} // namespace ashlar
