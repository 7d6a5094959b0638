// Members of JSON documents that are no entities (subscriptions, registrations): read, merged and written.
// For the parsers of this room.
#pragma once

#include <simdjson.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "ngsi/json.hpp"
#include "ngsi/subscription.hpp"
#include "ngsi/values.hpp"

namespace cityloom::ngsi {

/// Members of one JSON object, written one after another; empty and absent ones are left out.
class MemberWriter {
 public:
  explicit MemberWriter(std::string& to) : to_(to) { to_ += '{'; }

  /// Begins a member: its value is to be appended to what is returned.
  std::string& name(std::string_view name) {
    if (!is_first_) to_ += ',';
    is_first_ = false;
    append_quoted(name, to_);
    to_ += ':';
    return to_;
  }
  void text(std::string_view member, std::string_view value) {
    if (!value.empty()) append_quoted(value, name(member));
  }
  void json(std::string_view member, std::string_view value) {
    if (!value.empty()) name(member) += value;
  }
  void number(std::string_view member, double value) {
    if (value != 0) append_number(value, name(member));
  }
  /// A whole second is written without a fraction: as clients write the times that they give.
  void time(std::string_view member, base::Instant value);
  void flag(std::string_view member, bool value) { name(member) += value ? "true" : "false"; }
  void texts(std::string_view member, const std::vector<std::string>& values);
  void key_values(std::string_view member, const std::vector<KeyValue>& values);
  void end() { to_ += '}'; }

 private:
  std::string& to_;
  bool is_first_ = true;
};

/// A number above 0 and at most 1e9. Errors: invalid.
base::Result<double> read_positive(simdjson::dom::element value, const JsonPath& at);
/// A boolean. Errors: invalid.
base::Result<bool> read_bool(simdjson::dom::element value, const JsonPath& at);

/// A member that is a text, and where it goes.
struct TextMember {
  std::string_view name;
  std::string* to;
};
/// Reads a member if its name is one of these; tells whether it was. Errors: invalid (no text, or an empty one).
base::Result<bool> read_text(std::initializer_list<TextMember> members, std::string_view name,
                             simdjson::dom::element value, const JsonPath& at);

/// An array of attribute names, appended to `to`; with `members_too` also id, type and scope. Errors: invalid.
base::Status read_name_list(simdjson::dom::element value, const JsonPath& at, bool members_too,
                            std::vector<std::string>& to);

/// An array of {key, value}, appended to `to`. Errors: invalid.
base::Status read_key_values(simdjson::dom::element value, const JsonPath& at, std::vector<KeyValue>& to);

/// The object with a fragment's members in place of its own, as JSON text (clause 5.5.8): what the fragment states as
/// null or NGSI-LD Null is left out, objects named in `deep` are merged likewise, "@context" is not taken.
std::string merged_members(simdjson::dom::object present, simdjson::dom::object fragment,
                           std::initializer_list<std::string_view> deep);

}  // namespace cityloom::ngsi
