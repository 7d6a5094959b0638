// Fuzzes schemas and values: "schema\nvalue". What compiles must check anything in bounded steps, twice the same.
#include <cstdlib>

#include "models/model.hpp"

using namespace cityloom;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(text.find('\n'), text.size());
  models::ModelText made;
  made.name = "a";
  made.version = "1";
  made.type = "A";
  made.schema = text.substr(0, end);
  models::SchemaLimits limits;
  limits.steps_max = 2'000;
  const auto model = models::Model::make(
      made, [](std::string_view name) { return "urn:" + std::string(name); }, limits);
  if (!model.ok()) return 0;
  const auto value = models::read_value(end < text.size() ? text.substr(end + 1) : "{}");
  if (!value) return 0;
  std::vector<models::Finding> once, again;
  model->schema.check(model->schema.root(), *value, "", once);
  model->schema.check(model->schema.root(), *value, "", again);
  if (once != again || once.size() > models::findings_max) std::abort();
  return 0;
}
