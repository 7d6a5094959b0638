#include "thread/json_merge.hpp"

#include <nlohmann/json.hpp>

namespace cityloom::thread {
namespace {

// Members stay in the order in which they were written.
using Document = nlohmann::ordered_json;

bool asks_removal(const Document& value) {
  return value.is_null() || (value.is_string() && value.get_ref<const std::string&>() == "urn:ngsi-ld:null");
}

void merge_into(Document& target, const Document& patch) {
  if (!patch.is_object() || !target.is_object()) {
    target = patch;
    return;
  }
  for (const auto& [name, value] : patch.items()) {
    const auto found = target.find(name);
    if (asks_removal(value)) {
      if (found != target.end()) target.erase(found);
    } else if (found != target.end()) {
      merge_into(*found, value);
    } else {
      target[name] = value;
    }
  }
}

}  // namespace

twin::Json merge_json(const twin::Json& present, const twin::Json& patch) {
  Document target = Document::parse(present.text, nullptr, false);
  const Document with = Document::parse(patch.text, nullptr, false);
  if (target.is_discarded() || with.is_discarded()) return patch;
  merge_into(target, with);
  return {target.dump(-1, ' ', false, Document::error_handler_t::replace)};
}

}  // namespace cityloom::thread
