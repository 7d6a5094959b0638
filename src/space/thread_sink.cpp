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

base::Status ThreadSink::each_of_source(twin::Term attribute, std::string_view source,
                                        const std::function<void(const twin::Entity&)>& visit) {
  auto snapshot = thread_.snapshot(branch_);
  return snapshot.each(twin::Query(), [&](const twin::EntityRecord& record) {
    bool is_of_source = false;
    record.each_attribute(attribute, [&](const twin::Attribute& found) {
      const auto* text = std::get_if<std::string>(&found.value);
      is_of_source = text != nullptr && *text == source;
      return false;
    });
    if (is_of_source) visit(record.unpack());
    return true;
  });
}

}  // namespace cityloom::space
