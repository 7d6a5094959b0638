// PROJ's objects with their ends.
#pragma once

#include <proj.h>
#include <proj_experimental.h>

#include <memory>

namespace cityloom::space::proj {

struct DestroyContext {
  void operator()(PJ_CONTEXT* context) const { proj_context_destroy(context); }
};
struct DestroyObject {
  void operator()(PJ* object) const { proj_destroy(object); }
};
struct DestroyList {
  void operator()(PJ_OBJ_LIST* list) const { proj_list_destroy(list); }
};
struct DestroyFactory {
  void operator()(PJ_OPERATION_FACTORY_CONTEXT* factory) const { proj_operation_factory_context_destroy(factory); }
};
using Context = std::unique_ptr<PJ_CONTEXT, DestroyContext>;
using Object = std::unique_ptr<PJ, DestroyObject>;
using List = std::unique_ptr<PJ_OBJ_LIST, DestroyList>;
using Factory = std::unique_ptr<PJ_OPERATION_FACTORY_CONTEXT, DestroyFactory>;

/// A silent context that asks no network; it and its objects belong to one worker at a time.
inline Context make_context() {
  Context context(proj_context_create());
  proj_context_set_enable_network(context.get(), 0);
  proj_log_level(context.get(), PJ_LOG_NONE);
  return context;
}

}  // namespace cityloom::space::proj
