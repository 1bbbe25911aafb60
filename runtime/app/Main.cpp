#include "runtime/app/Verbs.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

using namespace ashlar;

static void printVersion(const ModelInfo &model) {
  std::printf("%s model=%s plan=%s", model.name, model.modelDigest, model.planDigest);
  if (model.forward)
    std::printf(" input=%llu output=%llu chunk=%u", (unsigned long long)model.inputColumns,
                (unsigned long long)model.outputColumns, model.chunk);
  else
    std::printf(" context=%llu batch=%u", (unsigned long long)model.context, model.batch);
  std::printf(" threads=%u isa=", model.threads);
  for (size_t i = 0; i < model.isa.size(); ++i)
    std::printf("%s%s", i ? "," : "", model.isa[i]);
  std::printf("\n");
}

/// Whether all has arrived that was printed.
static Failure flush() {
  if (std::fflush(stdout) == 0 && !std::ferror(stdout))
    return {};
  return {ExitCode::InputOutput,
          std::string("standard output: cannot be written: ") + std::strerror(errno), ""};
}

static Failure runVerb(const ModelInfo &model, const AppOptions &options) {
  if (options.verb == "logits")
    return logits(model, options);
  if (options.verb == "perplexity")
    return perplexity(model, options);
  if (options.verb == "bench")
    return bench(model, options);
  if (options.verb == "plan")
    return showPlan(model, options);
  if (options.verb == "check")
    return check(model, options);
  if (options.verb == "verify")
    return verify(model, options);
  return model.forward ? forward(model, options) : generate(model, options);
}

int main(int argc, char **argv) {
  std::signal(SIGPIPE, SIG_IGN); // a reader that went away is a failed write
  const char *slash = std::strrchr(argv[0], '/');
  const char *program = slash ? slash + 1 : argv[0];
  AppOptions options;
  Failure failure = parseOptions(model, argc, argv, options);
  if (!failure) {
    if (options.help)
      std::fputs(helpText(program, model).c_str(), stdout);
    else if (options.version)
      printVersion(model);
    else
      failure = runVerb(model, options);
    if (!failure)
      failure = flush();
  }
  if (!failure.text.empty())
    std::fprintf(stderr, "%s: error: %s\n", program, failure.text.c_str());
  if (!failure.note.empty())
    std::fprintf(stderr, "note: %s\n", failure.note.c_str());
  return static_cast<int>(failure.code);
}
