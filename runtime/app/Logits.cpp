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
  if (Failure f = checkPrompt(model, options))
    return f;
  Session session(model);
  if (Failure f = session.open(options.weights, options.torchModule))
    return f;
  std::vector<int32_t> ids;
  if (Failure f = promptIds(session, options, ids))
    return f;

  Writing writing{{}, model.vocabulary * sizeof(float), {}};
  if (Failure f = writing.file.open(options.output))
    return f;
  std::string header = npyHeader(ids.size(), model.vocabulary);
  writing.failure = writing.file.write(header.data(), header.size());
  Failure appended = session.append(
      ids,
      [](void *context, uint64_t, const float *row) {
        auto &w = *static_cast<Writing *>(context);
        if (!w.failure)
          w.failure = w.file.write(row, w.bytes);
      },
      &writing);
  Failure closed = writing.file.close();
  return appended ? appended : writing.failure ? writing.failure : closed;
}

} // namespace ashlar
