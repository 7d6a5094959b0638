// Chooses the step for the processor at run time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/flood/rows.cpp"
#include <hwy/foreach_target.h>  // must come before the next

#include "model/flood/rows-inl.hpp"

#if HWY_ONCE
namespace cityloom::model::flood {

HWY_EXPORT(step_float);
HWY_EXPORT(step_double);

float step_block(const Constants<float>& constants, const ConstRows<float>& from, const Rows<float>& to, size_t stride,
                 size_t rows, size_t columns, Scratch<float>& scratch, Edges& edges) {
  return HWY_DYNAMIC_DISPATCH(step_float)(constants, from, to, stride, rows, columns, scratch, edges);
}

double step_block(const Constants<double>& constants, const ConstRows<double>& from, const Rows<double>& to,
                  size_t stride, size_t rows, size_t columns, Scratch<double>& scratch, Edges& edges) {
  return HWY_DYNAMIC_DISPATCH(step_double)(constants, from, to, stride, rows, columns, scratch, edges);
}

}  // namespace cityloom::model::flood
#endif
