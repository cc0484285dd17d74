/** Pixels of the still from one cell of a Grad-CAM map to the next: every network halves its maps five times. */
export const CELL_PX = 32;
/** As if each cell looked from the middle of its own 32 pixels. */
const MIDDLE_PX = (CELL_PX - 1) / 2;

// A halving by a 3 x 3 or 7 x 7 window with padding looks from every second pixel, one by 2 x 2 from between two of them. ResNet50
// has five of the first kind, so that its first cell looks from the picture's corner; DenseNet121 two, then three of the
// second; VGG16 five of the second.
const FIRST_CELL_PX: Readonly<Record<string, number>> = { resnet50: 0, densenet121: 14, vgg16: MIDDLE_PX };

/**
 * Where the first cell of a network's map looks from: the centre of its receptive field along either side of the still. The
 * cells after it follow every 32 pixels.
 *
 * @param architecture such as `resnet50`; of an unknown one, the middle of the cell's own pixels
 * @returns pixels from the still's first pixel, whose own centre is 0
 * @see Araujo et al. 2019, Computing receptive fields of convolutional neural networks
 */
export function firstCellCentrePx(architecture: string): number {
  return FIRST_CELL_PX[architecture] ?? MIDDLE_PX;
}
