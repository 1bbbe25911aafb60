#include "runtime/app/Npy.h"
#include "runtime/app/Verbs.h"

#include <unistd.h>

namespace ashlar {

namespace {
struct Writing {
  OutputFile file;
  uint64_t bytes; // of a row
  Failure failure;
};
} // namespace

Failure logits(const ModelInfo &model, const AppOptions &options) {
  if (options.output.empty() && isatty(STDOUT_FILENO))
    return {ExitCode::BadInput, "logits are not for a terminal", "name a file with -o out.npy"};
  if (Failure f = checkPrompts(model, options))
    return f;
  Session session(model);
  if (Failure f = session.open(options.weights, options.torchModule))
    return f;
  if (Failure f = checkOutput(session, options))
    return f;
  if (Failure f = session.load()) // before the output is begun
    return f;
  std::vector<std::vector<int32_t>> prompts;
  if (Failure f = promptIds(session, options, prompts))
    return f;
  uint64_t rows = 0;
  for (const std::vector<int32_t> &ids : prompts)
    rows += ids.size();

  Writing writing{{}, model.vocabulary * sizeof(float), {}};
  if (Failure f = writing.file.open(options.output))
    return f;
  std::string header = npyHeader(rows, model.vocabulary);
  writing.failure = writing.file.write(header.data(), header.size());
  auto write = [](void *context, uint64_t, const float *row) {
    auto &w = *static_cast<Writing *>(context);
    if (!w.failure)
      w.failure = w.file.write(row, w.bytes);
  };
  Failure appended;
  for (uint32_t i = 0; i < prompts.size() && !appended && !writing.failure; ++i)
    appended = session.append(prompts[i], i, write, &writing);
  Failure closed = writing.file.close();
  return appended ? appended : writing.failure ? writing.failure : closed;
}

} // namespace ashlar
