// What there is of types and attributes, here and at registered sources. ETSI GS CIM 009 clauses 5.7.5 - 5.7.10.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "serve/ngsi/gathering.hpp"

namespace cityloom::serve::ngsi_ld {

struct AttributeFound {  ///< one attribute
  uint64_t instances = 0;
  std::set<twin::AttributeKind> kinds;
  std::set<twin::Term> types;  ///< of the entities that have it
};

struct TypeFound {  ///< one type
  uint64_t entities = 0;
  std::map<twin::Term, std::set<twin::AttributeKind>> attributes;
};

struct Discovered {  ///< all of them
  std::map<twin::Term, TypeFound> types;
  std::map<twin::Term, AttributeFound> attributes;

  /// Takes what another tells as well; counts add up. Entities that several brokers keep count several times.
  void add(const Discovered& other);
};

/// What sources told of them: what `call.gathered()` is in these operations.
class GatheredTypes : public Gathered {
 public:
  using Gathered::Gathered;
  Discovered found;  ///< filled in by one worker, then only read
};
/// What sources told, where they were asked; else nullptr.
inline const Discovered* told_by_sources(const Call& call) {
  return call.gathered() ? &static_cast<const GatheredTypes*>(call.gathered())->found : nullptr;
}

/// What is asked of sources.
struct Discovery {
  ngsi::SourceOperation operation = ngsi::SourceOperation::retrieve_types;  ///< that they must be registered for
  std::string path;                                                         ///< "/types" or "/attributes"
  bool details = false;
  std::string type;       ///< the one type that is asked for, expanded; empty: all
  std::string attribute;  ///< likewise
};

/// Begins to ask the sources that match and gives true: then `run` is called, from its beginning, with
/// `call.gathered()` set, on a worker for long work; or the call is answered. False: everything is here, and `call` is
/// as it was.
bool discover(Call& call, const TenantState& tenant, const Discovery& asked, void (*run)(Call));

}  // namespace cityloom::serve::ngsi_ld
