export { createInventory, type Inventory } from './inventory.ts'
export { inventoryRoutes, type InventoryRoutesDeps } from './inventory-routes.ts'
