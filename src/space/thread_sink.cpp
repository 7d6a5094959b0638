// The sink that writes to a thread.
#include "space/space.hpp"

namespace cityloom::space {

base::Result<thread::Outcomes> ThreadSink::append(std::vector<thread::Change> changes) {
  thread::ChangeSet set;
  set.branch = branch_;
  set.author = author_;
  set.changes = std::move(changes);
  return thread_.append(std::move(set));
}

base::Result<std::vector<std::string>> ThreadSink::ids_of_source(twin::Term attribute, std::string_view source) {
  auto snapshot = thread_.snapshot(branch_);
  std::vector<std::string> ids;
  auto status = snapshot.each(twin::Query(), [&](const twin::EntityRecord& record) {
    record.each_attribute(attribute, [&](const twin::Attribute& found) {
      const auto* text = std::get_if<std::string>(&found.value);
      if (text != nullptr && *text == source) ids.emplace_back(record.id());
      return false;
    });
    return true;
  });
  if (!status) return std::move(status).error();
  return ids;
}

}  // namespace cityloom::space
