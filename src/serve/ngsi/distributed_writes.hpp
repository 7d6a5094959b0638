// Writes that go to registered sources as well, or instead: who gets which part, and what came of it all.
// ETSI GS CIM 009 clauses 4.3.6.2, 4.3.6.3, 5.6.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ngsi/registration.hpp"
#include "serve/ngsi/distribution.hpp"

namespace cityloom::serve::ngsi_ld {

/// A write of one entity, names expanded.
struct SourceWrite {
  ngsi::SourceOperation operation = ngsi::SourceOperation::create_entity;
  std::string id;
  std::vector<std::string> types;       ///< as far as they are known
  std::vector<std::string> attributes;  ///< that it states
  bool whole = false;                   ///< it is about the entity as such: it is deleted
  bool of_the_past = false;             ///< sources that have the past get it, whenever that was
};

/// What one source has of it.
struct SourceShare {
  SourcePointer source;
  std::vector<std::string> attributes;
};

/// Who gets what. A registration that holds data alone takes them away from here, whether it can write them or not.
struct Shares {
  std::vector<SourceShare> sent;
  std::vector<SourceShare> refused;  ///< by sources that hold it alone and do not support the operation
  std::vector<std::string> taken;    ///< attributes that are not for here
  bool is_proxied = false;           ///< some source holds part of it alone
  bool nothing_here = false;         ///< nothing is left to be written here
  bool empty() const { return sent.empty() && refused.empty(); }
};
/// Errors: too_complex (too many sources).
base::Result<Shares> shares_of(const Call& call, const TenantState& tenant, const SourceWrite& write, const Way& way);

/// Why a part of a write was not done.
struct WriteFailure {
  std::string registration_id;  ///< empty: it was to be done here
  ngsi::ProblemType type = ngsi::ProblemType::internal_error;
  int status = 500;
  base::Error error;
  std::vector<std::string> attributes;

  /// As problem details.
  std::string json() const { return ngsi::problem_json(type, error, status); }
};
/// That of a source which holds data alone and does not support the operation: a conflict.
WriteFailure refusal_of(const SourceShare& share, ngsi::SourceOperation operation);
/// That of an answer to a write; nothing: it was done.
std::optional<WriteFailure> failure_of(const SourceAnswer& answer, ngsi::SourceOperation operation,
                                       std::vector<std::string> attributes = {});

/// The expanded types of an entity as it is kept here; none: it is not.
std::vector<std::string> types_here(const Writing& writing, std::string_view id);

/// Adds to a target those query parameters of the request that say how the write is meant.
void pass_parameters(const Call& call, std::string& target);

/// How one entity is written everywhere: below /ngsi-ld/v1.
struct WriteForm {
  SourceWrite write;
  std::string method;
  std::string path;       ///< below /ngsi-ld/v1, without an attribute's name
  std::string attribute;  ///< expanded: written as the last segment of the path
  bool has_body = true;
  std::shared_ptr<const Way> way;  ///< set by `append_everywhere`
  bool tells_attributes = false;   ///< a part that was not done is told by attributes (UpdateResult)
  std::string path_end;            ///< after the attribute's name
  std::string location;            ///< of what is made: 201; empty: 204
  /// Whether a source is concerned; empty: all are that match.
  std::function<bool(const ngsi::Registration&)> concerns;
};

/// Tells how a change goes to sources; asked only where there are any.
using MakeWriteForm = absl::AnyInvocable<WriteForm(const Call&, const thread::Change&)>;
/// Sends the parts of a change to sources, then appends what is left of it here, and answers with what came of both.
/// With no source concerned it is Call::append with `make`, and nothing else. `absent`: nothing is to be written here,
/// which is this error where no source is concerned.
void append_everywhere(Call call, const Writing& writing, thread::Change change, MakeWriteForm make_form,
                       Call::Make make, std::optional<base::Error> absent = {});

}  // namespace cityloom::serve::ngsi_ld
