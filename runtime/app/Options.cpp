#include "runtime/app/Options.h"

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <iterator>

namespace ashlar {

namespace {
/// Verbs as bits: those that a model has, or that take an option.
using Verbs = unsigned;
enum : Verbs {
  Generate = 1,
  Logits = 2,
  Perplexity = 4,
  Forward = 8,
  Bench = 16,
  Plan = 32,
  Check = 64,
  Verify = 128,
  OfTokens = Generate | Logits | Perplexity,
  OfRows = Forward,
  Printing = Perplexity | Bench | Plan | Check | Verify, // a table, or with --json JSON
  All = 255,
};
struct Verb {
  Verbs bit;
  const char *name;
  const char *help;
};
constexpr Verb verbs[] = {
    {Generate, "generate", "continue a prompt (the default)"},
    {Logits, "logits", "logits of each token, float32 [tokens, vocabulary], as .npy"},
    {Perplexity, "perplexity", "how well the model foretells a text"},
    {Forward, "forward", "rows through the model, float32 [rows, columns], as .npy (the default)"},
    {Bench, "bench", "measure, beside what the plan predicted"},
    {Plan, "plan", "print the plan"},
    {Check, "check", "compare this machine with the plan; runs nothing"},
    {Verify, "verify",
     "compare each byte of the pack with its checksum, and results with plain C++'s"},
};

/// How an option takes its value: returns false when the text is not one.
using Take = bool (*)(AppOptions &options, const char *value);
struct Option {
  Verbs verbs;       // that take it
  const char *names; // "-n", "--top-k", "-p --prompt"
  const char *value; // "N"; null: takes none
  const char *help;
  Take take;
  bool torch = false; // only where the plan computes with LibTorch
};

/// What to do where verbs do not take an option, if it is not to take another verb.
struct WayOut {
  Verbs verbs;
  const char *option;
  const char *text;
};
constexpr WayOut waysOut[] = {
    {Generate, "--json", "--output=json prints JSON"},
    {Printing, "--output", "--json prints JSON"},
    {Logits, "--output", "-o FILE names the file"},
    {Generate | Printing, "-o", "what it prints goes to a file with > FILE"},
    {Generate | Logits, "--input", "name the prompt with -p TEXT or --tokens 1,2,3"},
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
    {OfTokens, "-p --prompt", "TEXT",
     "the prompt; may repeat, up to the batch that the app was built for",
     [](AppOptions &o, const char *v) {
       o.prompts.push_back(v);
       return true;
     }},
    {OfTokens, "--tokens", "IDS", "the prompt as token ids: 1,2,3; may repeat as well",
     [](AppOptions &o, const char *v) { return idList(v, o.tokens.emplace_back()); }},
    {Generate, "-n", "N", "tokens to generate at most, for each prompt (256)",
     [](AppOptions &o, const char *v) { return number(v, o.count); }},
    {Generate, "--greedy", nullptr, "always the likeliest token (the default)",
     [](AppOptions &o, const char *) {
       o.sampling.temperature = 0;
       return true;
     }},
    {Generate, "--temperature", "T", "sample; 0 is greedy (0)",
     [](AppOptions &o, const char *v) { return real(v, 0, 100, o.sampling.temperature); }},
    {Generate, "--top-k", "K", "only the K likeliest tokens; 0 is all (0)",
     [](AppOptions &o, const char *v) { return number(v, o.sampling.topK); }},
    {Generate, "--top-p", "P in (0, 1]", "only the likeliest tokens that make up P together (1)",
     [](AppOptions &o, const char *v) {
       return real(v, 0, 1, o.sampling.topP) && o.sampling.topP > 0;
     }},
    {Generate, "--min-p", "P in [0, 1]",
     "only tokens with P times the likeliest one's probability (0)",
     [](AppOptions &o, const char *v) { return real(v, 0, 1, o.sampling.minP); }},
    {Generate, "--repetition-penalty", "R",
     "above 1: fewer of the tokens that were there already; 0.01 to 100 (1)",
     [](AppOptions &o, const char *v) {
       return real(v, 0.01f, 100, o.sampling.repetitionPenalty);
     }},
    {Generate, "--seed", "S",
     "of the random numbers; of the second prompt's it is S + 1, and so on (0)",
     [](AppOptions &o, const char *v) { return number(v, o.sampling.seed); }},
    {Generate, "--ignore-eos", nullptr, "go on behind the end of the text",
     [](AppOptions &o, const char *) { return o.ignoreEnd = true; }},
    {Generate, "--stop", "TEXT", "end before this text; may repeat",
     [](AppOptions &o, const char *v) {
       o.stops.push_back(v);
       return true;
     }},
    {Generate, "--output", "text|tokens|json", "what is printed; json: at the end (text)",
     [](AppOptions &o, const char *v) { return outputForm(v, o.form); }},
    {Forward, "--input", "FILE", "the rows, a .npy file", takeInput},
    {Perplexity, "--input", "FILE", "the text; - is standard input", takeInput},
    {Logits | Forward, "-o", "FILE", "the file to write (standard output)",
     [](AppOptions &o, const char *v) {
       o.output = v;
       return *v != 0;
     }},
    {Printing, "--json", nullptr, "print JSON",
     [](AppOptions &o, const char *) { return o.json = true; }},
    {All & ~Plan, "--torch-library", "FILE",
     "the module for LibTorch (ASHLAR_TORCH_LIBRARY, or beside the executable)",
     [](AppOptions &o, const char *v) {
       o.torchModule = v;
       return *v != 0;
     },
     /*torch=*/true},
    {All, "--weights", "FILE", "the pack, where it is not in or beside the executable",
     [](AppOptions &o, const char *v) {
       o.weights = v;
       return *v != 0;
     }},
    {All, "--version", nullptr, "what this was built from",
     [](AppOptions &o, const char *) { return o.version = true; }},
    {All, "-h --help", nullptr, "this text",
     [](AppOptions &o, const char *) { return o.help = true; }},
};

/// Whether `text` is one of the blank-separated `names`.
static bool isOneOf(const char *names, const std::string &text) {
  return (" " + std::string(names) + " ").find(" " + text + " ") != std::string::npos;
}

static Verbs verbsOf(const ModelInfo &model) { return All & ~(model.forward ? OfTokens : OfRows); }

/// "bench", "plan, check and verify".
static std::string namesOf(Verbs some) {
  std::string text;
  for (const Verb &verb : verbs)
    if (some & verb.bit) {
      some &= ~verb.bit;
      text += (text.empty() ? "" : some ? ", " : " and ") + std::string(verb.name);
    }
  return text;
}

/// The verb of that name, which may be of other models; null where there is none.
static const Verb *findVerb(const std::string &name) {
  for (const Verb &verb : verbs)
    if (name == verb.name)
      return &verb;
  return nullptr;
}

/// The option of that name; of two, the model's.
static const Option *findOption(const ModelInfo &model, const std::string &name) {
  const Option *found = nullptr;
  for (const Option &option : table)
    if (name.find(' ') == std::string::npos && isOneOf(option.names, name) &&
        (!found || (option.verbs & verbsOf(model))))
      found = &option;
  return found;
}

/// A failure where the model has no such verb.
static Failure hasVerb(const ModelInfo &model, const Verb &verb) {
  if (verb.bit & verbsOf(model))
    return {};
  std::string name = verb.name;
  return {ExitCode::BadInput,
          model.forward ? "this model reads rows, not tokens: it has no " + name
                        : "this model reads tokens, not rows: it has no " + name,
          model.forward ? "run forward --input x.npy -o y.npy"
                        : "run generate -p TEXT, or logits -p TEXT -o out.npy"};
}

/// A failure where the option, which the user calls `name`, is not the model's or not the verb's.
static Failure takes(const ModelInfo &model, const Verb &verb, bool isDefault, const Option &option,
                     const std::string &name) {
  Verbs takers = option.verbs & verbsOf(model);
  if (!takers)
    return {ExitCode::BadInput, "this model reads rows, not tokens: it takes no " + name,
            "--help lists the options"};
  if (option.torch && !model.torch)
    return {ExitCode::BadInput, "this app does not compute with LibTorch: it takes no " + name,
            "leave it out, or build the app with --provider torch"};
  if (takers & verb.bit)
    return {};
  std::string wayOut = namesOf(takers) + (takers & (takers - 1) ? " take it" : " takes it");
  for (const WayOut &better : waysOut)
    if ((better.verbs & verb.bit) && name == better.option)
      wayOut = better.text;
  return {ExitCode::BadInput,
          verb.name + std::string(isDefault ? " (the default)" : "") + " does not take " + name,
          wayOut};
}

Failure parseOptions(const ModelInfo &model, int argc, char **argv, AppOptions &options) {
  int at = 1;
  bool isDefault = at == argc || argv[at][0] == '-';
  if (!isDefault)
    options.verb = argv[at++];
  const Verb *verb = findVerb(!isDefault ? options.verb : model.forward ? "forward" : "generate");
  if (!verb)
    return {ExitCode::BadInput, "unknown verb '" + options.verb + "'", "--help lists them"};
  Failure misuse = hasVerb(model, *verb); // which --help and --version, wherever they are, overrule
  for (; at < argc; ++at) {
    std::string name = argv[at];
    const char *attached = nullptr; // --name=value
    if (size_t equals = name.find('='); equals != std::string::npos && name[1] == '-') {
      attached = argv[at] + equals + 1;
      name.resize(equals);
    }
    const Option *option = findOption(model, name);
    if (!option && argv[at][0] != '-')
      return {ExitCode::BadInput, "unexpected argument '" + name + "'",
              verb->bit & OfTokens ? "a prompt is named with -p TEXT" : "--help lists the options"};
    if (!option)
      return {ExitCode::BadInput, "unknown option '" + name + "'", "--help lists them"};
    if (!misuse)
      misuse = takes(model, *verb, isDefault, *option, name);
    const char *value = attached;
    if (!option->value && attached)
      return {ExitCode::BadInput, name + " takes no value", "--help lists the options"};
    if (option->value && !value) {
      if (++at == argc)
        return {ExitCode::BadInput, name + " needs a value: " + option->value,
                "--help lists the options"};
      value = argv[at];
    }
    if (!option->take(options, value) && !misuse)
      return {ExitCode::BadInput,
              name + ": '" + value + "' is not understood; it takes " + option->value,
              "--help lists the options"};
  }
  return options.help || options.version ? Failure() : misuse;
}

std::string helpText(const char *program, const ModelInfo &model) {
  std::string text = "usage: " + std::string(program) + " [VERB] [OPTIONS]\n\nverbs:\n";
  auto row = [&](std::string left, const char *right) {
    left.resize(left.size() < 28 ? 28 : left.size() + 2, ' ');
    text += "  " + left + right + "\n";
  };
  Verbs all = verbsOf(model), before = 0;
  for (const Verb &verb : verbs)
    if (verb.bit & all)
      row(verb.name, verb.help);
  for (const Option &option : table) {
    Verbs takers = option.verbs & all;
    if (!takers || (option.torch && !model.torch))
      continue;
    if (takers != before)
      text += "\noptions of " + (takers == all ? "all verbs" : namesOf(takers)) + ":\n";
    before = takers;
    row(std::string(option.names) + (option.value ? std::string(" ") + option.value : ""),
        option.help);
  }
  text += "\nexit codes: 0 done, 1 wrong use or input, 2 does not fit, 4 input/output";
  return text + (model.forward ? "\n" : ",\n  130 and 143: ended by SIGINT or SIGTERM\n");
}

} // namespace ashlar
