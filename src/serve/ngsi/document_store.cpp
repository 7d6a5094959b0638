// Reading and writing of the hub's own documents.
#include "serve/ngsi/document_store.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using thread::Change;

twin::Attribute json_attribute(twin::Term name, std::string json) {
  twin::Attribute attribute;
  attribute.name = name;
  attribute.kind = twin::AttributeKind::json_property;
  attribute.value = twin::Json{std::move(json)};
  return attribute;
}

}  // namespace

DocumentStore::DocumentStore(const TenantState& tenant, twin::Term type, std::string_view kind)
    : tenant_(tenant), type_(type), prefix_(std::string(internal_id_prefix) + std::string(kind) + ":") {}

base::Status DocumentStore::each(const std::function<base::Status(StoredDocument)>& visit) const {
  twin::Query query;
  query.types.any_of = {{type_}};
  base::Status visited;
  const auto status = tenant_.thread->snapshot().each(query, [&](const twin::EntityRecord& record) {
    StoredDocument one;
    record.each_attribute({}, [&](const twin::Attribute& attribute) {
      const auto* json = std::get_if<twin::Json>(&attribute.value);
      if (json == nullptr) return true;
      if (attribute.name == tenant_.internal.status) one.status = json->text;
      if (attribute.name == tenant_.internal.document) {
        one.document = json->text;
        one.modified_at = attribute.modified_at;
      }
      return true;
    });
    one.created_at = record.created_at();
    if (!one.document.empty()) visited = visit(std::move(one));
    return visited.ok();
  });
  return status.ok() ? visited : status;
}

Change DocumentStore::empty_change(std::string_view id, Change::Kind kind) const {
  Change change;
  change.kind = kind;
  change.entity_id = prefix_ + std::string(id);
  if (kind == Change::Kind::create) change.types = {type_};
  return change;
}

Change DocumentStore::change_of(std::string_view id, std::string json, Change::Kind kind) const {
  Change change = empty_change(id, kind);
  change.attributes.push_back(json_attribute(tenant_.internal.document, std::move(json)));
  return change;
}

Change DocumentStore::removal_of(std::string_view id) const {
  return empty_change(id, Change::Kind::remove);
}

void DocumentStore::write_status(std::string_view id, std::string json) const {
  Change change = empty_change(id, Change::Kind::append);
  change.attributes.push_back(json_attribute(tenant_.internal.status, std::move(json)));
  thread::ChangeSet set;
  set.author = "ngsi-ld";
  set.changes.push_back(std::move(change));
  tenant_.thread->submit(std::move(set), [](const base::Result<thread::Outcomes>&) {});
}

}  // namespace cityloom::serve::ngsi_ld
